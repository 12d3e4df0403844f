//! Reads the processor time and the memory of a server from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use portdesk_test_support::Launched;

/// Returns the processor time that a server has used: user and system, all threads. Linux counts it in hundredths of a second.
pub(crate) fn processor_time(server: &Launched) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap_or_default();
    ticks(&stat).map(|ticks| TICK * ticks).context("/proc does not have the processor time of a server")
}

/// Returns the resident memory of a server in MiB.
pub(crate) fn resident_mb(server: &Launched) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
    let kib: Option<f64> = resident.and_then(|kib| kib.trim().parse().ok());
    kib.map(|kib| kib / 1024.0).context("/proc does not have the memory of a server")
}

/// Returns the sum of `utime` and `stime` (`proc_pid_stat(5)`), which are fields 14 and 15. The fields are counted after the
/// name of the program, because the name can contain spaces and brackets.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11).map(str::parse::<u32>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

/// `USER_HZ` is 100 on every Linux that Rust supports.
const TICK: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use std::process::Command;

    use portdesk_test_support::Prints;

    use super::*;

    #[test]
    fn user_and_system_time_are_found_after_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 120 34 5 6 20 0 1 0 100 1000 10\n";
        assert_eq!(ticks(stat), Some(154));
        assert_eq!(ticks("42 (cut) S 1"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_processor_time_of_a_running_process_can_be_read() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo http://127.0.0.1:1; exec sleep 60"]);
        let server = Launched::start(&mut command, Prints::Output).unwrap();
        assert!(processor_time(&server).unwrap() < Duration::from_secs(1));
    }
}
