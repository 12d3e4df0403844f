//! The wasmtime engine, with the settings that measurements chose (docs of each line).

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::{CORE_INSTANCES, Limits, MEMORIES, TABLE_ELEMENTS, TABLES};

/// An engine that can hold `limits.instances` instances. Fails where the machine cannot reserve the address space.
pub(super) fn engine(limits: &Limits) -> wasmtime::Result<Engine> {
    Engine::new(&config(limits))
}

/// What components are compiled and run with.
pub(super) fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    // Component-model async is neither used nor offered; without it every call and every store is cheaper.
    config.concurrency_support(false);
    config.max_wasm_stack(GUEST_STACK_BYTES);
    config.async_stack_size(GUEST_STACK_BYTES + HOST_STACK_BYTES);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(limits.instances)
        .total_core_instances(limits.instances.saturating_mul(CORE_INSTANCES))
        .total_memories(limits.instances.saturating_mul(MEMORIES))
        .total_tables(limits.instances.saturating_mul(TABLES))
        .total_stacks(limits.instances)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memory_size(limits.memory_bytes)
        .table_elements(TABLE_ELEMENTS)
        // Reset what a request touched by writing zeros, not by giving the pages back: giving them back
        // interrupts every other core, for each request of a fresh instance.
        .linear_memory_keep_resident(256 * 1024)
        .table_keep_resident(64 * 1024)
        .async_stack_keep_resident(64 * 1024)
        // Reuse the slot that is warm before one that is cold.
        .max_unused_warm_slots(0)
        .pagemap_scan(if PoolingAllocationConfig::is_pagemap_scan_available() {
            Enabled::Yes
        } else {
            Enabled::No
        });
    pool
}

/// How deep a guest may call.
const GUEST_STACK_BYTES: usize = 512 * 1024;

/// What the host's functions have of a guest's stack, however deep the guest is when it calls them: an overflow there
/// ends the process. They never recurse, and neither does what wasmtime runs for them: no type of `wit/` contains
/// itself.
const HOST_STACK_BYTES: usize = 1536 * 1024;
