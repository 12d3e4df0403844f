//! The program `portdesk`. Its code is in the module `commands` of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    portdesk::commands::main()
}
