//! Holds Portdesk against its contracts. Every module says what it holds, and what it does not.
//!
//! - `contract`: reads `openapi.yaml`, holds the contract to its own rules, and checks answers by it;
//! - `tidy`: holds the source tree to the rules of this project;
//! - `harness`: hosts in this process and in others, and a client that refuses answers without a contract;
//! - `end_to_end`: the operations over HTTP, on every store, in both modes of isolation, on other platforms;
//! - `abuse`: clients that mean harm: bad connections, floods, malformed requests, too many of them;
//! - `isolation`: components that misbehave, and who notices;
//! - `fuzz`: no input makes anything panic or trap;
//! - `door`: what stands before the component;
//! - `observability`: metrics, spans and the log, and what is in none of them;
//! - `usage`: plans, what they let in, and what is counted however a host ends;
//! - `connections`: how long a client may keep a host waiting, and how many may at once;
//! - `tls`: certificates, good and bad, and changed under way;
//! - `shutdown`: how a host ends;
//! - `durability`: `kill -9` under load;
//! - `dynamodb`: what DynamoDB is asked for, what other programs see there, what clients hear when it fails;
//! - `storm`: comments over a DynamoDB that fails all the time;
//! - `outage`: a DynamoDB that goes away and comes back;
//! - `overhead`: what a host costs beside the bare SDK;
//! - `portability`: other platforms answer as our host does;
//! - `faults`: a proxy that makes a DynamoDB server fail as one wishes;
//! - `command_line`: the program as a user meets it;
//! - `unread`: output that nobody reads, or that cannot be written, and the signals that come with it;
//! - `compiled`: components that are compiled before a host starts.

mod abuse;
mod command_line;
mod compiled;
mod connections;
mod contract;
mod door;
mod durability;
mod dynamodb;
mod end_to_end;
mod faults;
mod fuzz;
mod harness;
mod isolation;
mod observability;
mod outage;
mod overhead;
mod portability;
mod shutdown;
mod storm;
mod tidy;
mod tls;
mod unread;
mod usage;
