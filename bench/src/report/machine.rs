//! The machine of a run: figures are true of it alone.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use crate::contestant::Platforms;
use crate::failure::Failure;

/// What a run was on, and what else that did.
#[derive(Debug)]
pub(crate) struct Machine {
    day: String,
    processor: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    versions: Vec<String>,
    /// Of the last minute, five and fifteen: before the run and, once it is over, after it.
    loads: Vec<String>,
}

impl Machine {
    /// Looks at it before a run.
    pub(crate) fn before(platforms: &Platforms) -> Result<Machine, Failure> {
        let memory = read("/proc/meminfo", "memory")?;
        let kib = field(&memory, "MemTotal").and_then(|size| size.strip_suffix(" kB")?.parse::<u64>().ok());
        let programs = [Some(Path::new("rustc")), platforms.wasmtime_program(), Some(Path::new("node"))];
        let portdesk = format!("portdesk {}", env!("CARGO_PKG_VERSION"));
        Ok(Machine {
            day: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            processor: field(&read("/proc/cpuinfo", "processor")?, "model name")
                .unwrap_or("unnamed")
                .to_owned(),
            cores: available_parallelism().map_err(Failure::io("the number of processors"))?.get(),
            memory_gib: kib.ok_or(Failure::Unsaid("memory"))? >> 20,
            kernel: read("/proc/sys/kernel/osrelease", "kernel")?.trim().to_owned(),
            versions: [portdesk]
                .into_iter()
                .chain(programs.into_iter().flatten().filter_map(version))
                .collect(),
            loads: vec![load()?],
        })
    }

    /// Looks at it once more, after the run.
    pub(crate) fn after(mut self) -> Result<Machine, Failure> {
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
            writeln!(f, "**Unoptimized build: these figures say nothing.**")?;
        }
        writeln!(
            f,
            "Load average (1, 5, 15 minutes): {}; the run itself is in the latter.",
            loads.join(" before, ")
        )
    }
}

fn load() -> Result<String, Failure> {
    let all = read("/proc/loadavg", "load average")?;
    Ok(all.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

fn read(file: &'static str, what: &'static str) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|_| Failure::Unsaid(what))
}

/// The first value of this name in a file of `/proc`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.trim() == name).map(|(_, value)| value.trim())
}

/// What a program says that it is, with its name where it says a number alone.
fn version(program: &Path) -> Option<String> {
    let said = Command::new(program).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let line = said.lines().next()?.trim();
    let name = program.file_name()?.to_str()?;
    Some(if line.starts_with(name) { line.to_owned() } else { format!("{name} {line}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_of_a_name_counts() {
        let text = "processor\t: 0\nmodel name\t: One: fast\n\nprocessor\t: 1\nmodel name\t: Other\n";
        assert_eq!(field(text, "model name"), Some("One: fast"));
        assert_eq!(field(text, "cores"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_is_known() {
        let machine = Machine::before(&Platforms::prepare(&[], None).unwrap()).unwrap().after().unwrap();
        let text = machine.to_string();
        assert!(text.contains(&format!("portdesk {}", env!("CARGO_PKG_VERSION"))), "{text}");
        assert!(text.contains(" before, "), "{text}");
    }
}
