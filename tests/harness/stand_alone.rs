//! The stand-alone component with the DynamoDB store, under `wasmtime serve`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;

use portdesk_compose::STORES;
use tempfile::TempDir;

use super::{Client, TABLE};

/// A server that runs. It is killed when this is dropped.
pub struct StandAlone {
    url: String,
    child: Child,
    /// Open as long as the server is, which writes to it.
    _stderr: BufReader<ChildStderr>,
}

impl StandAlone {
    /// Serves the table at this endpoint; accepts connections when this returns.
    pub fn on_dynamodb(endpoint: &str) -> StandAlone {
        let mut command = Command::new(wasmtime());
        command.args(["serve", "-Scli", "--addr", "127.0.0.1:0"]);
        let endpoint = format!("PORTDESK_ENDPOINT_URL={endpoint}");
        let table = format!("PORTDESK_TABLE={TABLE}");
        let credentials = ["AWS_ACCESS_KEY_ID=dummy", "AWS_SECRET_ACCESS_KEY=dummy"];
        for variable in [&endpoint, &table, "AWS_REGION=us-east-1"].into_iter().chain(credentials) {
            command.args(["--env", variable]);
        }
        let mut child = command.arg(artifact()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains(READY) {
            let read = stderr.read_line(&mut said).unwrap();
            assert!(read > 0, "wasmtime ended before it was ready; it printed: {said}");
        }
        let (_, url) = said.split_once(READY).unwrap();
        StandAlone { url: url.trim().trim_end_matches('/').to_owned(), child, _stderr: stderr }
    }

    /// A client. There is no key: who may call is for the platform to say.
    pub fn client(&self) -> Client {
        Client::new(&self.url, None)
    }
}

impl Drop for StandAlone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The component, made once.
fn artifact() -> &'static Path {
    static ARTIFACT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = ARTIFACT.get_or_init(|| {
        let store = STORES.into_iter().find(|store| store.name == "dynamodb").unwrap();
        let artifact = portdesk_compose::stand_alone(store).unwrap_or_else(|error| panic!("{error}"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(&artifact.file);
        std::fs::write(&path, artifact.wasm).unwrap();
        (folder, path)
    });
    path
}

fn wasmtime() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/wasmtime");
    assert!(
        program.is_file(),
        "install it: cargo install wasmtime-cli --version 48.0.8 --locked --root .tools"
    );
    program
}

/// What the server says when its port is bound.
const READY: &str = "Serving HTTP on ";
