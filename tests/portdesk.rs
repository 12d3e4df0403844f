//! The program `portdesk` again, as a part of this package, because cargo passes a test only the paths of programs of its own
//! package.

use std::process::ExitCode;

fn main() -> ExitCode {
    portdesk::commands::main()
}
