//! `guest/store-memory`, a store in Rust.

use std::sync::{Arc, LazyLock};

use portdesk::backend::suite::{self, SharedBackend};
use wasmtime_wasi::WasiCtx;

use super::{Prepared, StoreComponent};

suite::conformance!(exact component; async || {
    (Arc::new(StoreComponent::kept(&COMPONENT, &mut WasiCtx::builder()).await) as SharedBackend, ())
});

static COMPONENT: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::of(&portdesk_components::component("portdesk-store-memory").unwrap()));
