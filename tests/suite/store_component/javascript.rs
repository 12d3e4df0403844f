//! `examples/store-js`, a store in JavaScript.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use portdesk::backend::suite::{self, SharedBackend};
use wasmtime_wasi::WasiCtx;

use super::{Prepared, StoreComponent};

suite::conformance!(exact component; async || {
    (Arc::new(StoreComponent::kept(&COMPONENT, &mut WasiCtx::builder()).await) as SharedBackend, ())
});

static COMPONENT: LazyLock<Prepared> = LazyLock::new(|| {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/store-js");
    Prepared::of(&portdesk_test_support::javascript_store(&example))
});
