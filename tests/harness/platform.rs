//! Stand-alone components on other platforms. Each platform is a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

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
        Platform::of_wasmtime(wasmtime_in_one_instance().arg(&MEMORY.1))
    }

    /// `wasmtime serve` with one instance, over the store in JavaScript, which is composed in.
    pub fn wasmtime_on_javascript() -> Platform {
        Platform::of_wasmtime(wasmtime_in_one_instance().arg(&JAVASCRIPT.1))
    }

    /// `wasmtime serve` with an instance for every request, over the DynamoDB table at this endpoint.
    pub fn wasmtime_on_dynamodb(endpoint: &str) -> Platform {
        let mut command = Command::new(portdesk_test_support::wasmtime());
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]);
        for (name, value) in over_table(endpoint) {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        Platform::of_wasmtime(command.arg(&DYNAMODB.1))
    }

    /// Node with the component as jco transpiled it, over the store in memory.
    pub fn node() -> Platform {
        static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| transpiled(&MEMORY.1));
        Platform::in_node(&FOLDER, "server.mjs", &[])
    }

    /// Node with the component as jco transpiled it, over the DynamoDB table at this endpoint.
    pub fn node_on_dynamodb(endpoint: &str) -> Platform {
        static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| transpiled(&DYNAMODB.1));
        Platform::in_node(&FOLDER, "server.mjs", &over_table(endpoint))
    }

    /// Node with front and desk as jco transpiled them, over the store in JavaScript as a module.
    pub fn node_on_javascript() -> Platform {
        static FOLDER: LazyLock<TempDir> = LazyLock::new(linked);
        Platform::in_node(FOLDER.path(), "server.js", &[])
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

/// The file of a stand-alone component, and its folder.
type Composed = (TempDir, PathBuf);

static MEMORY: LazyLock<Composed> = LazyLock::new(|| stand_alone("memory"));
static DYNAMODB: LazyLock<Composed> = LazyLock::new(|| stand_alone("dynamodb"));
static JAVASCRIPT: LazyLock<Composed> = LazyLock::new(|| {
    let store = portdesk_test_support::javascript_store(&example());
    written(portdesk_components::with_store("javascript", store).unwrap_or_else(|error| panic!("{error}")))
});

fn stand_alone(name: &str) -> Composed {
    let store = STORES.into_iter().find(|store| store.name == name).expect("it is one of them");
    written(portdesk_components::stand_alone(store).unwrap_or_else(|error| panic!("{error}")))
}

fn written(artifact: Artifact) -> Composed {
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
fn linked() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(example()).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    for (name, package) in [("desk", "portdesk-desk"), ("front", "portdesk-http-front")] {
        let wasm = folder.path().join(name).with_extension("wasm");
        std::fs::write(&wasm, portdesk_components::component(package).unwrap()).unwrap();
        let mut jco = Command::new(portdesk_test_support::jco());
        jco.arg("transpile").arg(wasm).args(["--instantiation", "async", "-o"]);
        let output = jco.arg(folder.path().join(name)).output().unwrap();
        assert!(output.status.success(), "{jco:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // Node looks for the packages of jco here.
    let modules = portdesk_test_support::jco().ancestors().nth(2).expect("it lies in node_modules/.bin");
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).unwrap();
    folder
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/store-js")
}

fn wasmtime_in_one_instance() -> Command {
    let mut command = Command::new(portdesk_test_support::wasmtime());
    command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]);
    command.args(["--max-instance-reuse-count", "1000000000", "--idle-instance-timeout", "3600s"]);
    command.args(["-O", "pooling-allocator=y", "-O", "pooling-total-component-instances=1"]);
    command
}
