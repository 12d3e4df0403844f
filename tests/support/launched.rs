//! A server in a process of its own: started, waited for until it listens, and killed on drop.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A server that listens. The drop kills its process.
#[derive(Debug)]
pub struct Launched {
    /// Where the server listens.
    pub address: SocketAddr,
    child: Child,
}

/// Where a server prints its address.
#[derive(Debug, Clone, Copy)]
pub enum Prints {
    /// On standard error.
    Error,
    /// On standard output.
    Output,
}

impl Launched {
    /// Starts a server and waits until it prints its address: the first `http://IP:PORT`. Fails with what the server printed.
    pub fn start(command: &mut Command, prints: Prints) -> Result<Launched, String> {
        command.stdin(Stdio::null());
        match prints {
            Prints::Error => command.stdout(Stdio::null()).stderr(Stdio::piped()),
            Prints::Output => command.stdout(Stdio::piped()).stderr(Stdio::inherit()),
        };
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let printed: Option<Box<dyn Read + Send>> = match prints {
            Prints::Error => child.stderr.take().map(|pipe| Box::new(pipe) as _),
            Prints::Output => child.stdout.take().map(|pipe| Box::new(pipe) as _),
        };
        let mut printed = BufReader::new(printed.expect("the pipe was asked for"));
        match address(&mut printed) {
            Ok(address) => {
                // A full pipe that nobody reads would stop the server.
                thread::spawn(move || io::copy(&mut printed, &mut io::sink()));
                Ok(Launched { address, child })
            }
            Err(printed) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(printed)
            }
        }
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        self.end();
    }
}

/// The first address in what a server prints, or all that it printed.
fn address(printed: &mut impl BufRead) -> Result<SocketAddr, String> {
    let mut lines = String::new();
    loop {
        let begin = lines.len();
        if printed.read_line(&mut lines).unwrap_or_default() == 0 {
            return Err(lines);
        }
        let words = lines[begin..].split_whitespace();
        let mut addresses =
            words.filter_map(|word| word.strip_prefix("http://")?.trim_end_matches('/').parse().ok());
        if let Some(address) = addresses.next() {
            return Ok(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_whatever_is_printed_around_it() {
        let printed = "ready\n\n  address   http://127.0.0.1:4711/\nmore\n";
        assert_eq!(address(&mut printed.as_bytes()).unwrap().port(), 4711);
        assert_eq!(address(&mut "no room\n".as_bytes()).unwrap_err(), "no room\n");
    }
}
