//! Several hosts on one table, which share their keys, plans and quotas through it.
//!
//! Each host is a process of its own with a data folder of its own. Commands are processes too.

mod damaged;
mod keys;
mod killed;
mod operators;
mod quota;
mod silent;

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::{
    Client, Logged, PATIENT, Table, compiled_component, on_dynamodb, portdesk, serve, until, with_credentials,
};

/// A host that shares its keys.
struct Host {
    logged: Logged,
    _data: TempDir,
}

impl Host {
    /// A host on the table at this endpoint.
    fn start(endpoint: &str, more: &[&str]) -> Host {
        let data = tempfile::tempdir().unwrap();
        let mut command = with_credentials(serve(data.path(), &on_dynamodb(endpoint)));
        command.args(["--keys", "table", "--log-level", "warn"]).args(more);
        Host { logged: Logged::start(data.path(), &mut command), _data: data }
    }

    /// A client with this key.
    fn client(&self, key: &str) -> Client {
        Client::new(&self.logged.host.url, Some(key))
    }

    /// The status of a read with this key.
    async fn status(&self, key: &str) -> u16 {
        self.client(key).get("/tickets?caller=ada").await.status
    }

    fn end(self) {
        self.logged.end();
    }
}

/// Stops hosts and waits for their ends.
fn end(hosts: impl IntoIterator<Item = Host>) {
    for host in hosts {
        host.end();
    }
}

/// Three hosts on a table.
fn three(table: &Table) -> [Host; 3] {
    [(); 3].map(|()| Host::start(&table.server.endpoint, &PATIENT))
}

/// A key as `portdesk key create` makes it.
struct Key {
    id: String,
    secret: String,
}

/// Makes a key in the table.
fn create_key(table: &Table, more: &[&str]) -> Key {
    let secret = printed(table, &[&["key", "create", "agent"][..], more].concat()).trim().to_owned();
    let id = secret["portdesk_".len()..][..8].to_owned();
    Key { id, secret }
}

/// Runs a command on the keys of the table.
fn command(table: &Table, arguments: &[&str]) -> Command {
    let mut command = with_credentials(portdesk(arguments));
    command.args(["--keys", "table"]).args(&on_dynamodb(&table.server.endpoint)[2..]);
    command.arg("--component").arg(compiled_component());
    command
}

/// Runs a command on the keys of the table, which must succeed. Returns its output.
fn printed(table: &Table, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(table, arguments).output().unwrap();
    assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Runs a command on the keys of the table, which must fail. Returns what it says.
fn refused(table: &Table, arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = command(table, arguments).output().unwrap();
    assert_eq!(status.code(), Some(1), "{arguments:?}");
    String::from_utf8(stderr).unwrap()
}

/// Waits until every host answers a request with this key with this status. Panics if that takes longer than it may.
async fn within_five_seconds(hosts: &[Host], key: &Key, status: u16) {
    let begun = Instant::now();
    for host in hosts {
        until("the host knows it", async || host.status(&key.secret).await == status).await;
    }
    let took = begun.elapsed();
    println!("all {} hosts answer {status} after {took:?}", hosts.len());
    assert!(took < Duration::from_secs(5), "{status} only after {took:?}");
}
