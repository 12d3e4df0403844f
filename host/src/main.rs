//! The program `portdesk`; see the library's `commands`.

use std::process::ExitCode;

fn main() -> ExitCode {
    portdesk::commands::main()
}
