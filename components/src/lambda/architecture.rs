//! The architectures of Lambda's processors.

use std::env;
use std::path::Path;
use std::process::Command;

/// An architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    Arm64,
    X86,
}

impl Architecture {
    /// The architecture with this name in Lambda's API.
    pub(crate) fn named(name: &str) -> Option<Architecture> {
        [Architecture::Arm64, Architecture::X86].into_iter().find(|one| one.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Architecture::Arm64 => "arm64",
            Architecture::X86 => "x86_64",
        }
    }

    /// The target of rustc.
    pub(crate) fn target(self) -> &'static str {
        match self {
            Architecture::Arm64 => "aarch64-unknown-linux-gnu",
            Architecture::X86 => "x86_64-unknown-linux-gnu",
        }
    }

    /// The C compiler and linker, if they are not those of this machine. The name is Debian's.
    pub(crate) fn cross_compiler(self) -> Option<&'static str> {
        let compiler = match self {
            Architecture::Arm64 => "aarch64-linux-gnu-gcc",
            Architecture::X86 => "x86_64-linux-gnu-gcc",
        };
        (!self.is_of_this_machine()).then_some(compiler)
    }

    /// A command that runs a program of this architecture.
    pub(crate) fn run(self, program: &Path) -> Command {
        if self.is_of_this_machine() {
            return Command::new(program);
        }
        let (emulator, libraries) = match self {
            Architecture::Arm64 => ("qemu-aarch64-static", "/usr/aarch64-linux-gnu"),
            Architecture::X86 => ("qemu-x86_64-static", "/usr/x86_64-linux-gnu"),
        };
        let mut command = Command::new(emulator);
        command.args(["-L", libraries]).arg(program);
        command
    }

    fn is_of_this_machine(self) -> bool {
        self.target().starts_with(env::consts::ARCH) && env::consts::OS == "linux"
    }
}
