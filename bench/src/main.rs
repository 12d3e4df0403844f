//! `cargo bench-desk` measures the host beside its native desk and other platforms. See `docs/performance.md`.
//!
//! The modules stand in the order of a measurement. The contestants that are our own are this program too: it starts itself.

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

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    command::main()
}
