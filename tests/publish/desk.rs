//! A bucket on a server that speaks AWS's protocols, and the publisher.

use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use portdesk_test_support::{Ministack, aws_python};
use serde_json::Value;

use crate::harness::{compiled_component, portdesk};

/// A bucket of one test.
pub struct Bucket {
    pub name: &'static str,
    server: Arc<Ministack>,
}

/// What `portdesk publish` printed, and its exit code.
pub struct Published {
    pub code: i32,
    pub output: String,
    pub errors: String,
}

/// The key of the contract in all tests. It has a folder, so that a signature covers more than one name.
pub const KEY: &str = "desk/openapi.yaml";

impl Bucket {
    /// A private bucket that keeps versions.
    pub fn make(name: &'static str) -> Bucket {
        Bucket::make_in(name, "us-east-1")
    }

    pub fn make_in(name: &'static str, region: &str) -> Bucket {
        let bucket = Bucket { name, server: server() };
        bucket.s3("make", &[region]);
        bucket
    }

    /// The server with the bucket.
    pub fn endpoint(&self) -> &str {
        &self.server.endpoint
    }

    /// Runs a command of `s3.py` for this bucket with all rights, and returns what it prints.
    pub fn s3(&self, command: &str, arguments: &[&str]) -> Value {
        s3(self.endpoint(), &[&[command, self.name], arguments].concat())
    }

    pub fn publish(&self, flags: &[&str]) -> Published {
        self.publish_over(self.endpoint(), flags)
    }

    /// Publishes through a proxy.
    pub fn publish_over(&self, endpoint: &str, flags: &[&str]) -> Published {
        publish(endpoint, self.name, flags)
    }
}

/// Publishes with all rights.
pub fn publish(endpoint: &str, bucket: &str, flags: &[&str]) -> Published {
    let mut command = command(endpoint, bucket, flags);
    Published::of(command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test"))
}

impl Published {
    pub fn of(command: &mut Command) -> Published {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Published {
            code: output.status.code().unwrap(),
            output: text(output.stdout),
            errors: text(output.stderr),
        }
    }

    /// Panics unless the command failed with this code and a sentence with this part.
    #[track_caller]
    pub fn must_fail(&self, code: i32, part: &str) {
        assert_eq!(self.code, code, "{}{}", self.output, self.errors);
        assert!(self.errors.contains(part), "{}", self.errors);
        assert_eq!(self.errors.lines().count(), 1, "{}", self.errors);
    }

    /// The value on a line of the output.
    pub fn shown(&self, name: &str) -> &str {
        assert_eq!(self.code, 0, "{}", self.errors);
        let mut lines = self.output.lines();
        lines.find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{}", self.output)).trim()
    }
}

/// `portdesk publish` for a bucket, without credentials and the other AWS settings of this machine.
pub fn command(endpoint: &str, bucket: &str, flags: &[&str]) -> Command {
    let mut command = portdesk(&["publish", "--bucket", bucket, "--key", KEY, "--url", URL]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command.args(flags).arg("--component").arg(compiled_component()).env("AWS_ENDPOINT_URL_S3", endpoint);
    command
}

pub fn s3(endpoint: &str, arguments: &[&str]) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/publish/s3.py");
    let mut python = Command::new(aws_python());
    let output = python.arg(script).arg(endpoint).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// One server for all tests that run at the same time. The last of them ends it.
fn server() -> Arc<Ministack> {
    static RUNNING: Mutex<Weak<Ministack>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap();
    running.upgrade().unwrap_or_else(|| {
        let started = Arc::new(Ministack::start_with_rights());
        *running = Arc::downgrade(&started);
        started
    })
}

/// The address of the API in all tests.
pub const URL: &str = "https://abc123.execute-api.eu-west-1.amazonaws.com/poc";
