//! A DynamoDB-compatible server for tests: dynoxide (the crate `dynoxide-rs`), one process for each test.
//!
//! The server speaks the wire protocol of DynamoDB, so a test runs the code that also runs against AWS. The server is a
//! process and not a library because dynoxide links another SQLite than the host, and one build cannot have both. The
//! server ends when its [`Server`] is dropped, and also when the process of the test ends, even by a kill.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};

/// A running server. The drop kills it and removes its tables.
#[derive(Debug)]
pub struct Server {
    /// The URL for clients: `http://127.0.0.1:` and the port.
    pub endpoint: String,
    /// The port on 127.0.0.1.
    pub port: u16,
    child: Child,
    /// The server lives as long as this is open.
    stdin: Option<ChildStdin>,
    /// The server writes here, so this stays open as long as the server runs.
    _stderr: BufReader<ChildStderr>,
}

impl Server {
    /// Starts an empty server on a free port. The server accepts connections when this returns.
    pub fn start() -> Server {
        // Another program may take the port between the moment when it is found free and the server's start.
        let mut attempts = (0..20).filter_map(|_| Server::try_start(free_port(), None).ok());
        attempts.next().expect("no port on 127.0.0.1 could be had for dynoxide in 20 attempts")
    }

    /// Starts a server on a port, over the tables in a file, which is created if it is missing. This is for tests in which the
    /// store stops and returns.
    pub fn start_over(database: &Path, port: u16) -> Server {
        Server::try_start(port, Some(database))
            .unwrap_or_else(|said| panic!("dynoxide does not start: {said}"))
    }

    /// Fails with the server's output.
    fn try_start(port: u16, database: Option<&Path>) -> Result<Server, String> {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "dynoxide-keeper"]).arg(crate::dynoxide());
        command.args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()]);
        if let Some(database) = database {
            command.arg("--db-path").arg(database);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("sh can be started");
        let stdin = child.stdin.take();
        let mut stderr = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let mut said = String::new();
        while !said.contains(READY) {
            if stderr.read_line(&mut said).expect("the server's standard error can be read") == 0 {
                child.wait().expect("sh can be waited for");
                return Err(said);
            }
        }
        Ok(Server { endpoint: format!("http://127.0.0.1:{port}"), port, child, stdin, _stderr: stderr })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// A port that no program uses at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on 127.0.0.1 can be had");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Runs the server and kills it when standard input ends, which happens when the test drops its end or is killed. The script ends
/// when the server ends.
const KEEPER: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
( while read -r line; do :; done; kill -9 "$server" ) <&3 2>/dev/null &
watch=$!
exec 3<&- 2>/dev/null
wait "$server"
kill "$watch"
"#;

/// The server prints this when its port is bound.
const READY: &str = "listening on http://";

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn accepts(port: u16) -> bool {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    }

    #[test]
    fn a_server_accepts_from_its_start_to_its_drop() {
        let (one, other) = (Server::start(), Server::start());
        assert!(accepts(one.port) && accepts(other.port));
        let port = one.port;
        drop(one);
        assert!(!accepts(port) && accepts(other.port));
    }

    #[test]
    fn a_server_does_not_start_on_a_taken_port() {
        let server = Server::start();
        let said = Server::try_start(server.port, None).unwrap_err();
        assert!(said.contains("in use"), "{said}");
        assert!(accepts(server.port));
    }
}
