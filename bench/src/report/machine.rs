//! The machine of a run. Figures of different machines cannot be compared.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context, Result};

/// The machine, the versions of the programs, and the load of the machine.
#[derive(Debug)]
pub(crate) struct Machine {
    day: String,
    processor: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    versions: Vec<String>,
    /// The load averages of 1, 5 and 15 minutes: before the run and, when it is over, after it.
    loads: Vec<String>,
}

impl Machine {
    /// Describes the machine before a run. `wasmtime` is the program that takes part, if there is one.
    pub(crate) fn before(wasmtime: Option<&Path>) -> Result<Machine> {
        let memory = read("/proc/meminfo")?;
        let kib = field(&memory, "MemTotal").and_then(|size| size.strip_suffix(" kB")?.parse::<u64>().ok());
        let programs = [Some(Path::new("rustc")), wasmtime, Some(Path::new("node"))];
        let portdesk = format!("portdesk {}", env!("CARGO_PKG_VERSION"));
        Ok(Machine {
            day: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            processor: field(&read("/proc/cpuinfo")?, "model name").unwrap_or("unnamed").to_owned(),
            cores: available_parallelism()?.get(),
            memory_gib: kib.context("/proc/meminfo has no MemTotal")? >> 20,
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            versions: [portdesk]
                .into_iter()
                .chain(programs.into_iter().flatten().filter_map(version))
                .collect(),
            loads: vec![load()?],
        })
    }

    /// Adds the load after the run.
    pub(crate) fn after(mut self) -> Result<Machine> {
        self.loads.push(load()?);
        Ok(self)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { day, processor, cores, memory_gib, kernel, versions, loads } = self;
        writeln!(f, "{day}. {processor}, {cores} cores, {memory_gib} GiB of memory, Linux {kernel}.")?;
        writeln!(f, "{}.", versions.join(", "))?;
        if cfg!(debug_assertions) {
            writeln!(f, "**This build is not optimized: its figures mean nothing.**")?;
        }
        writeln!(
            f,
            "Load average (1, 5, 15 minutes): {}; the second one includes the run itself.",
            loads.join(" before, ")
        )
    }
}

fn load() -> Result<String> {
    Ok(read("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

fn read(file: &'static str) -> Result<String> {
    fs::read_to_string(file).context(file)
}

/// Returns the first value with this name in a file of `/proc`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.trim() == name).map(|(_, value)| value.trim())
}

/// Returns the name and the version of a program. Some programs print only a number for `--version`.
fn version(program: &Path) -> Option<String> {
    let printed = Command::new(program).arg("--version").output().ok()?;
    let printed = String::from_utf8(printed.stdout).ok()?;
    let line = printed.lines().next()?.trim();
    let name = program.file_name()?.to_str()?;
    Some(if line.starts_with(name) { line.to_owned() } else { format!("{name} {line}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_with_the_name_counts() {
        let text = "processor\t: 0\nmodel name\t: One: fast\n\nprocessor\t: 1\nmodel name\t: Other\n";
        assert_eq!(field(text, "model name"), Some("One: fast"));
        assert_eq!(field(text, "cores"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_report_describes_this_machine() {
        let text = Machine::before(None).unwrap().after().unwrap().to_string();
        assert!(text.contains(&format!("portdesk {}", env!("CARGO_PKG_VERSION"))), "{text}");
        assert!(text.contains(" before, "), "{text}");
    }
}
