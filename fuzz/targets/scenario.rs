//! Files of scenarios: YAML, and steps that are checked against the contract.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use portdesk::contract::Contract;
use portdesk::scenario::Scenario;

static CONTRACT: LazyLock<Contract> = LazyLock::new(portdesk_fuzz::contract);

fuzz_target!(|file: &[u8]| {
    if let Err(error) = Scenario::parse(file, &CONTRACT) {
        assert!(!error.to_string().is_empty());
    }
});
