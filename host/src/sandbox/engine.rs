//! The wasmtime engine. Its settings were chosen by measurement, and comments give the reasons.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::{CORE_INSTANCES, Limits, MEMORIES, MEMORY_BYTES, TABLE_ELEMENTS, TABLES};

/// An engine that can hold `limits.instances` instances. Fails if the machine cannot reserve the address space.
pub(super) fn engine(limits: &Limits) -> wasmtime::Result<Engine> {
    Engine::new(&config(limits))
}

/// The settings with which components are compiled and run.
pub(super) fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    // No component uses component-model async. Without it, every call and every `Store` is cheaper.
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
        // More than `limits` may allow. The limiter applies those, and its error says what to do.
        .max_memory_size(MEMORY_BYTES)
        .table_elements(TABLE_ELEMENTS)
        // Memory up to these sizes is reset by writing zeros, not by returning its pages to the kernel. Returning pages
        // interrupts all other cores, with every new instance.
        .linear_memory_keep_resident(256 * 1024)
        .table_keep_resident(64 * 1024)
        .async_stack_keep_resident(64 * 1024)
        // With 0, wasmtime reuses the slots that were used before it takes new ones.
        .max_unused_warm_slots(0)
        .pagemap_scan(if PoolingAllocationConfig::is_pagemap_scan_available() {
            Enabled::Yes
        } else {
            Enabled::No
        });
    pool
}

/// The stack of a guest, which limits the depth of its calls.
const GUEST_STACK_BYTES: usize = 512 * 1024;

/// The stack that remains for the host's functions when a guest has used its whole part. A stack overflow in the host would
/// end the process. The host's functions never recurse, and wasmtime's code for them does not either, because no type of
/// `wit/` contains itself.
const HOST_STACK_BYTES: usize = 1536 * 1024;
