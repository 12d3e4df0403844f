//! `guest/store-memory`, the storage in Rust to begin with.

use std::sync::{Arc, LazyLock};

use wasmtime_wasi::WasiCtx;

use super::{Prepared, StorageComponent};
use crate::backend::suite::{self, Store};

suite::conformance!(exact component; async || {
    (Arc::new(StorageComponent::kept(&COMPONENT, &mut WasiCtx::builder()).await) as Store, ())
});

static COMPONENT: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::of(&portdesk_compose::component("portdesk-store-memory").unwrap()));
