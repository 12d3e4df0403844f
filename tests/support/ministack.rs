//! A server that speaks the protocols of AWS: ministack (the package `ministack` of Python), in a process of its own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::dynamodb::free_port;
use super::launched::{Launched, Prints};
use super::pip;

/// A running server. The drop kills it and removes everything in it.
#[derive(Debug)]
pub struct Ministack {
    /// The URL for clients: `http://127.0.0.1:` and the port.
    pub endpoint: String,
    _server: Launched,
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
        // Settings of this machine would name other credentials, regions and servers.
        let aws = std::env::vars_os().map(|(name, _)| name);
        for name in aws.filter(|name| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        // By default the server listens on all addresses of this machine.
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        command.env("TMPDIR", folder.path()).current_dir(folder.path()).envs(variables.iter().copied());
        let server = Launched::start(&mut command, Prints::Error)?;
        Ok(Ministack { endpoint: format!("http://{}", server.address), _server: server, _folder: folder })
    }
}

/// The path of Python with the client of AWS that ministack brings, botocore.
pub fn aws_python() -> PathBuf {
    program().with_file_name("python")
}

fn program() -> PathBuf {
    pip::program(&pip::MINISTACK)
}
