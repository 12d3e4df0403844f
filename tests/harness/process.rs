//! The program as a process of its own, started as a user starts it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;
#[cfg(target_os = "linux")]
use std::time::Duration;

use portdesk::host::BUILT_IN_COMPONENT;
use portdesk::sandbox::Component;
use tempfile::TempDir;

use super::{Client, KEY, config};

/// A host in another process. The drop kills it.
pub struct Process {
    pub url: String,
    /// What the host printed until it was ready.
    pub banner: String,
    child: Child,
    /// `None` if the test does not read the output.
    stdout: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts `portdesk` over `data` and waits until it prints where it listens.
    pub fn start(data: &Path, flags: &[&str]) -> Process {
        Process::spawn(serve(data, flags).args(["--log-level", "error"]))
    }

    /// Starts a command that prints a banner, [`hastened`].
    pub fn spawn(command: &mut Command) -> Process {
        Process::spawn_bare(hastened(command))
    }

    /// Starts a command that prints a banner, as a user does.
    pub fn spawn_bare(command: &mut Command) -> Process {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.ends_with(LAST_LINE) {
            let read = stdout.read_line(&mut banner).unwrap();
            assert!(read > 0, "the host ended before it was ready; it printed: {banner}");
        }
        let url = banner.split_once("PORTDESK_URL=").unwrap().1;
        let url = url.split_whitespace().next().unwrap().to_owned();
        Process { url, banner, child, stdout: Some(stdout) }
    }

    /// Starts a command whose banner nobody reads, with `stdout` as its standard output, [`hastened`].
    #[cfg(target_os = "linux")]
    pub fn spawn_unread(command: &mut Command, stdout: Stdio) -> Process {
        let mut child = hastened(command).stdout(stdout).spawn().unwrap();
        let address = listener(&mut child);
        Process { url: format!("http://{address}"), banner: String::new(), child, stdout: None }
    }

    /// Sends a signal, as `TERM`.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// Waits for the end and returns the exit code, or `None` if a signal ended the process.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// The shell commands in the banner.
    pub fn samples(&self) -> &str {
        let (_, samples) = self.banner.split_once("another terminal.\n").unwrap();
        samples.strip_suffix(LAST_LINE).unwrap()
    }

    /// The URL of the metrics, if the host has the flag `--metrics`.
    pub fn metrics(&self) -> &str {
        let (_, metrics) = self.banner.split_once("  metrics   ").unwrap();
        metrics.lines().next().unwrap()
    }

    /// The URL of the console without a slash at its end, and its token if the host made it.
    pub fn console(&self) -> (&str, Option<&str>) {
        let (_, console) = self.banner.split_once("  console   ").unwrap();
        let url = console.split_whitespace().next().unwrap();
        match url.split_once("/#k=") {
            Some((url, token)) => (url, Some(token)),
            None => (url.trim_end_matches('/'), None),
        }
    }

    /// Where the host listens.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// A client with the key of the tests.
    pub fn client(&self) -> Client {
        Client::new(&self.url, Some(KEY))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The memory of the host now, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let id = self.child.id().to_string();
        let shown = Command::new("ps").args(["-o", "rss=", "-p", &id]).output().unwrap();
        String::from_utf8(shown.stdout).unwrap().trim().parse().unwrap()
    }

    /// The peak memory of the host in KiB, or its memory now if the system does not show the peak.
    pub fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        peak.map_or_else(|| self.resident_kib(), |peak| peak.trim().parse().unwrap())
    }

    /// The processor time that the host has used.
    #[cfg(target_os = "linux")]
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name may contain anything. After it, utime and stime are the fields 14 and 15, in hundredths of a second.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let hundredths = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
        Duration::from_millis(hundredths.sum::<u64>() * 10)
    }

    /// Kills the process, as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal, waits for the end, and returns the exit code and the rest of the output.
    pub fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let mut rest = String::new();
        if let Some(stdout) = &mut self.stdout {
            stdout.read_to_string(&mut rest).unwrap();
        }
        (self.wait(), rest)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a host start and stop faster: puts a compiled component into the data folder, and sets the time for load balancers to 0.
fn hastened(command: &mut Command) -> &mut Command {
    let data = command.get_args().skip_while(|argument| *argument != "--data-dir").nth(1);
    if let Some(data) = data {
        put_compiled_component(Path::new(data));
    }
    command.env("PORTDESK_DRAIN_MS", "0")
}

/// Puts the compiled built-in component where a host keeps it after its first start. A host whose settings need other code
/// compiles the component again. It does not matter if the folder cannot be written.
pub(super) fn put_compiled_component(data: &Path) {
    static COMPILED: OnceLock<TempDir> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let limits = config(folder.path(), &[]).limits.sandbox();
        Component::load_cached(BUILT_IN_COMPONENT, limits, folder.path()).unwrap();
        folder
    });
    let file = data.join(COMPILED_COMPONENT);
    if data.is_dir() && !file.exists() {
        let _ = std::fs::copy(compiled.path().join(COMPILED_COMPONENT), file);
    }
}

/// The built-in component, compiled once by `portdesk compile` for every processor of this architecture.
pub fn compiled_component() -> &'static Path {
    static COMPILED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, file) = COMPILED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.cwasm");
        let compiled = run(&["compile", "--portable", file.to_str().unwrap()]);
        assert_eq!(compiled.status.code(), Some(0), "{compiled:?}");
        (folder, file)
    });
    file
}

/// Waits until a process listens, and returns its address. `/proc` connects the inode of the socket with its address.
#[cfg(target_os = "linux")]
fn listener(child: &mut Child) -> std::net::SocketAddr {
    let folder = format!("/proc/{}", child.id());
    loop {
        assert_eq!(child.try_wait().unwrap(), None, "the host ended before it listened");
        let files = std::fs::read_dir(format!("{folder}/fd")).unwrap().flatten();
        let links: Vec<_> = files.filter_map(|file| std::fs::read_link(file.path()).ok()).collect();
        let sockets = std::fs::read_to_string(format!("{folder}/net/tcp")).unwrap();
        // The second field is the local address and port, the fourth the state (0A: it listens), the tenth the inode.
        let port = sockets.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let socket = format!("socket:[{}]", fields[9]);
            let is_own = fields[3] == "0A" && links.iter().any(|link| link.as_os_str() == socket.as_str());
            is_own.then(|| u16::from_str_radix(fields[1].rsplit_once(':').unwrap().1, 16).unwrap())
        });
        if let Some(port) = port {
            return std::net::SocketAddr::from(([127, 0, 0, 1], port));
        }
        std::thread::yield_now();
    }
}

/// The file of the compiled component in a data folder.
pub const COMPILED_COMPONENT: &str = "component.cwasm";

/// The last line of the banner.
const LAST_LINE: &str = "Stop with Ctrl-C.\n";

/// The program, with the key of the tests and without the settings of this machine.
pub fn portdesk(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portdesk-under-test"));
    without_settings(&mut command).args(arguments).env("PORTDESK_API_KEY", KEY).stdin(Stdio::null());
    command
}

/// Removes the settings of this machine from the environment of a command.
pub(super) fn without_settings(command: &mut Command) -> &mut Command {
    for (variable, _) in std::env::vars_os() {
        if variable.to_str().is_some_and(|name| name.starts_with("PORTDESK_")) {
            command.env_remove(variable);
        }
    }
    command
}

/// A command that serves over a data folder, on a free port.
pub fn serve(data: &Path, flags: &[&str]) -> Command {
    let mut command = portdesk(flags);
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    command
}

/// The same command in a shell, which first runs `before`.
pub fn behind(before: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(command.get_program());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.args(command.get_args()).stdin(Stdio::null());
    shell
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    portdesk(arguments).output().unwrap()
}
