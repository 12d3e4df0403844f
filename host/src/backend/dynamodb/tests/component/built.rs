//! The component, built once for all tests of a process; cargo knows whether there is anything to do.

use std::sync::OnceLock;

/// The component. Panics where it does not build.
pub(super) fn component() -> &'static [u8] {
    static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
    COMPONENT.get_or_init(|| portdesk_compose::component("portdesk-store-dynamodb").unwrap())
}
