//! The processor time and the memory of a server.

use std::fs;
use std::time::Duration;

use portdesk_test_support::Launched;

use crate::failure::Failure;

/// The processor time that a server has used: user and system, all threads. The system counts in hundredths of a second.
pub(crate) fn processor_time(server: &Launched) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap_or_default();
    ticks(&stat).map(|ticks| TICK * ticks).ok_or(Failure::Unsaid("processor time of a server"))
}

/// The memory that a server has now, in MiB.
pub(crate) fn resident_mb(server: &Launched) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
    let kib: Option<f64> = resident.and_then(|kib| kib.trim().parse().ok());
    kib.map(|kib| kib / 1024.0).ok_or(Failure::Unsaid("memory of a server"))
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
    use std::process::Command;

    use portdesk_test_support::Prints;

    use super::*;

    #[test]
    fn user_and_system_time_are_found_behind_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 120 34 5 6 20 0 1 0 100 1000 10\n";
        assert_eq!(ticks(stat), Some(154));
        assert_eq!(ticks("42 (cut) S 1"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_processor_time_of_a_process_is_known_while_it_lives() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo http://127.0.0.1:1; exec sleep 60"]);
        let server = Launched::start(&mut command, Prints::Output).unwrap();
        assert!(processor_time(&server).unwrap() < Duration::from_secs(1));
    }
}
