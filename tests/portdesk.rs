//! The program `portdesk` again, under this package: cargo tells a test where the programs of its own package lie.

use std::process::ExitCode;

fn main() -> ExitCode {
    portdesk::commands::main()
}
