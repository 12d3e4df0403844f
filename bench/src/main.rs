//! `cargo bench-desk`: measures the host beside its native desk and other platforms; see `docs/performance.md`.
//!
//! The modules stand in the order of a measurement: the command line, the rounds, who takes part, the load that each
//! gets, and what is made of the figures. This program is also each contestant that is ours: it starts itself.

mod command;
mod rounds;
mod store;
mod calls;
mod contestant;
mod native_desk;
mod process;
mod load;
mod figures;
mod report;
mod failure;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main()
}
