//! A server that speaks the protocols of AWS: ministack (the package `ministack` of Python), in a process of its own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::dynamodb::free_port;
use super::launched::{Launched, Prints};
use super::pip;

/// A running server. The drop kills it with the functions that it has started, and removes everything in it.
#[derive(Debug)]
pub struct Ministack {
    /// The URL for clients: `http://127.0.0.1:` and the port.
    pub endpoint: String,
    server: Launched,
    _folder: TempDir,
}

impl Ministack {
    /// Starts an empty server on a free port. The credentials `test` and `test` may do everything.
    pub fn start() -> Ministack {
        Ministack::start_with(&[])
    }

    /// Starts an empty server that checks signatures and the policies of users and buckets.
    pub fn start_with_rights() -> Ministack {
        Ministack::start_with(&[("AUTH", "true")])
    }

    /// Starts an empty server with further variables.
    fn start_with(variables: &[(&str, &str)]) -> Ministack {
        // Another program may take the port between the moment when it is found free and the server's start.
        let mut attempts = (0..20).filter_map(|_| Ministack::try_start(free_port(), variables).ok());
        attempts.next().expect("no port on 127.0.0.1 could be had for ministack in 20 attempts")
    }

    /// Fails with what the server printed.
    fn try_start(port: u16, variables: &[(&str, &str)]) -> Result<Ministack, String> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut command = Command::new(program());
        // Settings of this machine would name other credentials, regions and servers. Functions inherit the server's environment.
        for (name, _) in std::env::vars_os() {
            if ["AWS_", "PORTDESK_"].iter().any(|begin| name.to_string_lossy().starts_with(begin)) {
                command.env_remove(name);
            }
        }
        // By default the server listens on all addresses of this machine.
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        command.env("TMPDIR", folder.path()).current_dir(folder.path()).envs(variables.iter().copied());
        let server = Launched::start(&mut command, Prints::Error)?;
        Ok(Ministack { endpoint: format!("http://{}", server.address), server, _folder: folder })
    }

    /// The processes of functions that the server has started and that have not ended.
    pub fn functions(&self) -> Vec<u32> {
        let listed = Command::new("ps").args(["-A", "-o", "pid=", "-o", "ppid="]).output();
        let listed = listed.map(|output| output.stdout).unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let pairs = listed.lines().filter_map(|line| {
            let mut ids = line.split_whitespace().map(str::parse);
            Some((ids.next()?.ok()?, ids.next()?.ok()?))
        });
        pairs.filter(|(_, parent): &(u32, u32)| *parent == self.server.id()).map(|(id, _)| id).collect()
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        // A server that is killed leaves its functions behind.
        let functions = self.functions();
        self.server.end();
        for function in functions {
            // A function may have ended by itself, as it does if it has no Lambda any more.
            let _ = Command::new("kill").args(["-s", "KILL", &function.to_string()]).output();
        }
    }
}

/// The path of Python with the client of AWS that ministack brings, botocore.
pub fn aws_python() -> PathBuf {
    program().with_file_name("python")
}

fn program() -> PathBuf {
    pip::program(&pip::MINISTACK)
}
