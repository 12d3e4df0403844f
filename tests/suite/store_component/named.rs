//! The store component in the file that `PORTDESK_STORE_COMPONENT` names, for authors of stores; without that variable, the store
//! in memory again.
//!
//! The component gets the environment and the network of the tests, and an empty folder as `/`. A store that keeps items anywhere
//! else must be empty at the start. The suite does not test what the interface leaves open.

use std::sync::{Arc, LazyLock};

use portdesk::backend::suite::{self, SharedBackend};
use tempfile::TempDir;
use wasmtime_wasi::{FsPerms, WasiCtx};

use super::{Prepared, StoreComponent};

suite::conformance!(component; async || {
    let folder = tempfile::tempdir().unwrap();
    (store(&folder).await, folder)
});

async fn store(folder: &TempDir) -> SharedBackend {
    let mut wasi = WasiCtx::builder();
    wasi.inherit_env().inherit_network().allow_ip_name_lookup(true).inherit_stderr();
    wasi.preopened_dir(folder.path(), "/", FsPerms::ReadWrite).unwrap();
    Arc::new(StoreComponent::kept(&COMPONENT, &mut wasi).await)
}

static COMPONENT: LazyLock<Prepared> = LazyLock::new(|| {
    let wasm = match std::env::var_os("PORTDESK_STORE_COMPONENT") {
        // Tests run in the folder of their package, but a path on the command line is relative to the root of the workspace.
        Some(file) => {
            let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        }
        None => portdesk_components::component("portdesk-store-memory").unwrap(),
    };
    Prepared::of(&wasm)
});
