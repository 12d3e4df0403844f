//! A server in a process of its own, and what the system knows of it.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;

/// A server that listens. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
}

/// Where a server prints its address.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Says {
    /// On standard error.
    Error,
    /// On standard output.
    Output,
}

impl Process {
    /// Starts a server and waits until it says where it listens: the first `http://127.0.0.1:PORT` that it prints.
    pub(crate) fn start(name: &str, command: &mut Command, says: Says) -> Result<Process, Failure> {
        command.stdin(Stdio::null());
        match says {
            Says::Error => command.stdout(Stdio::null()).stderr(Stdio::piped()),
            Says::Output => command.stdout(Stdio::piped()).stderr(Stdio::inherit()),
        };
        let mut child = command.spawn().map_err(Failure::io(format!("{name} cannot be started")))?;
        let said: Option<Box<dyn Read + Send>> = match says {
            Says::Error => child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
            Says::Output => child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        };
        let mut said = BufReader::new(said.unwrap_or_else(|| Box::new(io::empty())));
        match address(&mut said) {
            Ok(address) => {
                // A pipe that nobody reads stops who writes into it.
                thread::spawn(move || io::copy(&mut said, &mut io::sink()));
                Ok(Process { address, child })
            }
            Err(said) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(Failure::Start { name: name.to_owned(), said })
            }
        }
    }

    /// The processor time that it has used, user and system, all threads; the system counts in hundredths of a second.
    pub(crate) fn processor_time(&self) -> Result<Duration, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        ticks(&stat).map(|ticks| TICK * ticks).ok_or(Failure::Unsaid("processor time of a server"))
    }
}

impl Process {
    /// The memory that it has now, in MiB.
    pub(crate) fn resident_mb(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        let kib: Option<f64> = resident.and_then(|kib| kib.trim().parse().ok());
        kib.map(|kib| kib / 1024.0).ok_or(Failure::Unsaid("memory of a server"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first address in what a server says; all that it said where there is none.
fn address(said: &mut impl BufRead) -> Result<SocketAddr, String> {
    let mut lines = String::new();
    loop {
        let begin = lines.len();
        if said.read_line(&mut lines).unwrap_or_default() == 0 {
            return Err(lines);
        }
        let words = lines.get(begin..).unwrap_or_default().split_whitespace();
        let mut addresses =
            words.filter_map(|word| word.strip_prefix("http://")?.trim_end_matches('/').parse().ok());
        if let Some(address) = addresses.next() {
            return Ok(address);
        }
    }
}

/// `utime` and `stime` of `/proc/PID/stat` (`proc_pid_stat(5)`), the fields 14 and 15. They are counted from behind the
/// name, which may have anything in it.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11).map(str::parse::<u32>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

/// On every Linux that Rust builds for, `USER_HZ` is 100.
const TICK: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_found_behind_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 120 34 5 6 20 0 1 0 100 1000 10\n";
        assert_eq!(ticks(stat), Some(154));
        assert_eq!(ticks("42 (cut) S 1"), None);
    }

    #[test]
    fn an_address_is_found_in_whatever_is_said_around_it() {
        let said = "ready\n\n  address   http://127.0.0.1:4711/\nmore\n";
        assert_eq!(address(&mut said.as_bytes()).unwrap().port(), 4711);
        assert_eq!(address(&mut "no room\n".as_bytes()).unwrap_err(), "no room\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_processor_time_of_a_process_is_known_while_it_lives() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo http://127.0.0.1:1; exec sleep 60"]);
        let process = Process::start("sh", &mut command, Says::Output).unwrap();
        assert!(process.processor_time().unwrap() < Duration::from_secs(1));
    }
}
