//! Histories from seeds: clients, the host's own logic and faults in one thread, on virtual time. Every choice comes from the
//! seed: the order of events, delays, losses, the end of a host, steps of its clock, a full disk. A seed that breaks a promise
//! breaks it again each time.
//!
//! - `plan`: the steps of the clients and the faults of a seed;
//! - `engine`: runs a plan, one event after the other; `client`, `host` and `calls` are the two ends of a request;
//! - `world`: what differs: `disk_world` is a host with the embedded store over the simulated disk of `disk` and `vfs`,
//!   and `table_world` is three hosts over a simulated table of DynamoDB (`network`, `table`, `expression`);
//! - `history` and `checker`: what clients saw, and whether it keeps the promises of README.md;
//! - `bug` and `planted`: defects that the checker must find;
//! - `smallest`: what remains of a plan if everything is left out that the violation does not need.
//!
//! The libraries for this do not fit: turmoil and madsim simulate a network or a runtime, which no part here uses; shuttle
//! explores threads, of which there is one; and none of them has a disk or a table.

mod bug;
mod calls;
mod checker;
mod client;
#[path = "../../bench/src/native_desk/conversion.rs"]
mod conversion;
#[path = "../../bench/src/native_desk/description.rs"]
mod description;
mod disk;
mod disk_world;
mod engine;
mod expression;
mod history;
mod host;
mod network;
mod plan;
mod planted;
mod smallest;
mod table;
mod table_world;
mod vfs;
mod world;

pub use bug::Bug;
pub use smallest::{Counterexample, Simulation};
pub use world::WorldKind;
