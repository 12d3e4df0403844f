//! `examples/storage-js`, the storage in another language.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use wasmtime_wasi::WasiCtx;

use super::{Prepared, StorageComponent};
use crate::backend::suite::{self, Store};

suite::conformance!(exact component; async || {
    (Arc::new(StorageComponent::kept(&COMPONENT, &mut WasiCtx::builder()).await) as Store, ())
});

static COMPONENT: LazyLock<Prepared> = LazyLock::new(|| {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/storage-js");
    Prepared::of(&portdesk_tools::javascript_storage(&example))
});
