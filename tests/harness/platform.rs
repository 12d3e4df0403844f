//! Stand-alone components on other platforms. Each platform is a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use portdesk_components::{Artifact, STORES};
use portdesk_test_support::{Launched, Prints, free_port};
use tempfile::TempDir;

use super::{Client, TABLE};

/// A platform that serves a stand-alone component. The drop kills its process.
pub struct Platform(Launched);

impl Platform {
    /// `wasmtime serve` over the store in memory.
    ///
    /// A store in memory needs one instance that stays. wasmtime refuses requests with 500 while that instance is busy.
    pub fn wasmtime() -> Platform {
        Platform::of_wasmtime(wasmtime_in_one_instance().arg(memory()))
    }

    /// `wasmtime serve` with one instance, over the store in JavaScript, which is composed in.
    pub fn wasmtime_on_javascript() -> Platform {
        Platform::of_wasmtime(wasmtime_in_one_instance().arg(javascript()))
    }

    /// `wasmtime serve` with an instance for every request, over the DynamoDB table at this endpoint.
    pub fn wasmtime_on_dynamodb(endpoint: &str) -> Platform {
        let mut command = Command::new(portdesk_test_support::wasmtime());
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]);
        for (name, value) in over_table(endpoint) {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        Platform::of_wasmtime(command.arg(dynamodb()))
    }

    /// Node with the component as jco transpiled it, over the store in memory.
    pub fn node() -> Platform {
        static FOLDER: OnceLock<PathBuf> = OnceLock::new();
        Platform::in_node(FOLDER.get_or_init(|| transpiled(memory())), "server.mjs", &[])
    }

    /// Node with the component as jco transpiled it, over the DynamoDB table at this endpoint.
    pub fn node_on_dynamodb(endpoint: &str) -> Platform {
        static FOLDER: OnceLock<PathBuf> = OnceLock::new();
        let folder = FOLDER.get_or_init(|| transpiled(dynamodb()));
        Platform::in_node(folder, "server.mjs", &over_table(endpoint))
    }

    /// Node with front and desk as jco transpiled them, over the store in JavaScript as a module.
    pub fn node_on_javascript() -> Platform {
        Platform::in_node(linked(), "server.js", &[])
    }

    fn in_node(folder: &Path, server: &str, variables: &[(&str, &str)]) -> Platform {
        let start = || {
            let mut command = Command::new("node");
            command.current_dir(folder).arg(server).envs(variables.iter().copied());
            command.env("PORT", free_port().to_string());
            Launched::start(&mut command, Prints::Output)
        };
        // Another program may take the port between the moment when it is found free and the server's start.
        let server = (0..20).find_map(|_| start().ok());
        Platform(server.expect("a port on 127.0.0.1 can be had in 20 attempts"))
    }

    fn of_wasmtime(command: &mut Command) -> Platform {
        Platform(
            Launched::start(command, Prints::Error)
                .unwrap_or_else(|printed| panic!("{command:?}: {printed}")),
        )
    }

    /// A client without a key: a platform checks none.
    pub fn client(&self) -> Client {
        Client::of_platform(&format!("http://{}", self.0.address))
    }

    /// Ends the server.
    pub async fn stop(self) {
        drop(self);
    }
}

/// The stand-alone component with the store in memory, as a file; made once for all tests.
fn memory() -> &'static Path {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    &FILE.get_or_init(|| stand_alone("memory")).1
}

/// The same with the store in a DynamoDB table.
fn dynamodb() -> &'static Path {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    &FILE.get_or_init(|| stand_alone("dynamodb")).1
}

/// The same with the store in JavaScript.
fn javascript() -> &'static Path {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let made = || {
        let store = portdesk_test_support::javascript_store(&example());
        written(
            portdesk_components::with_store("javascript", store).unwrap_or_else(|error| panic!("{error}")),
        )
    };
    &FILE.get_or_init(made).1
}

fn stand_alone(name: &str) -> (TempDir, PathBuf) {
    let store = STORES.into_iter().find(|store| store.name == name).expect("it is one of them");
    written(portdesk_components::stand_alone(store).unwrap_or_else(|error| panic!("{error}")))
}

fn written(artifact: Artifact) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portdesk.wasm");
    std::fs::write(&file, artifact.wasm).unwrap();
    (folder, file)
}

/// A folder with a stand-alone component as jco transpiled it, and the server of `deploy/node`.
fn transpiled(component: &Path) -> PathBuf {
    let folder = component.with_file_name("node");
    portdesk_test_support::transpile(component, &folder);
    folder
}

/// The environment variables of the DynamoDB store.
fn over_table(endpoint: &str) -> [(&str, &str); 5] {
    [
        ("PORTDESK_ENDPOINT_URL", endpoint),
        ("PORTDESK_TABLE", TABLE),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "dummy"),
        ("AWS_SECRET_ACCESS_KEY", "dummy"),
    ]
}

/// A folder with desk and front as jco transpiled them, and the files of `examples/store-js`.
fn linked() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            for file in std::fs::read_dir(example()).unwrap().map(Result::unwrap) {
                std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
            }
            for (name, package) in [("desk", "portdesk-desk"), ("front", "portdesk-http-front")] {
                let wasm = folder.path().join(name).with_extension("wasm");
                std::fs::write(&wasm, portdesk_components::component(package).unwrap()).unwrap();
                let mut jco = Command::new(portdesk_test_support::jco());
                jco.arg("transpile").arg(wasm).args(["--instantiation", "async", "-o"]);
                run(jco.arg(folder.path().join(name)));
            }
            link_modules(folder.path());
            folder
        })
        .path()
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/store-js")
}

/// Links the packages of jco to the place where Node looks for them.
fn link_modules(folder: &Path) {
    let modules = portdesk_test_support::jco().ancestors().nth(2).expect("it lies in node_modules/.bin");
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).unwrap();
}

fn wasmtime_in_one_instance() -> Command {
    let mut command = Command::new(portdesk_test_support::wasmtime());
    command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]);
    command.args(["--max-instance-reuse-count", "1000000000", "--idle-instance-timeout", "3600s"]);
    command.args(["-O", "pooling-allocator=y", "-O", "pooling-total-component-instances=1"]);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
