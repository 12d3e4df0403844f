//! The limits of an instance, and the limiter through which wasmtime applies them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::ResourceLimiter;

/// How requests are isolated from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Isolation {
    /// Every request gets a new instance.
    Fresh,
    /// An instance answers one request after another, so successive requests share its memory.
    Pooled,
}

/// The limits of a component's instances.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Whether an instance may answer more than one request.
    pub isolation: Isolation,
    /// The most instances, and so the most concurrent requests in the component.
    pub instances: u32,
    /// The most linear memory of one instance, in bytes.
    pub memory_bytes: usize,
}

/// Refuses growth beyond the limits. A component that asks for more traps.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_limit_bytes: usize,
    /// The size of all memories of the instance together.
    memory_bytes: usize,
    /// Their size when the instance had started.
    started_bytes: usize,
    high_water: HighWater,
}

impl Limiter {
    pub(super) fn new(limits: &Limits, high_water: HighWater) -> Limiter {
        Limiter { memory_limit_bytes: limits.memory_bytes, memory_bytes: 0, started_bytes: 0, high_water }
    }

    /// The instance has started: memory that it gets from now on is growth.
    pub(super) fn started(&mut self) {
        self.started_bytes = self.memory_bytes;
    }

    /// By how much the linear memory has grown since the instance had started.
    pub(super) fn grown_bytes(&self) -> usize {
        self.memory_bytes.saturating_sub(self.started_bytes)
    }
}

/// The most memory that an instance of a component has had. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct HighWater(Arc<AtomicUsize>);

impl HighWater {
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn raise(&self, bytes: usize) {
        self.0.fetch_max(bytes, Ordering::Relaxed);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let memory_bytes = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if memory_bytes > self.memory_limit_bytes {
            return Err(wasmtime::Error::new(MemoryLimitError { limit_bytes: self.memory_limit_bytes }));
        }
        self.memory_bytes = memory_bytes;
        self.high_water.raise(memory_bytes);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }
}

/// The trap of a guest that asked for more memory than its limit.
#[derive(Debug, thiserror::Error)]
#[error("the instance asked for more than {limit_bytes} bytes of memory")]
pub(super) struct MemoryLimitError {
    limit_bytes: usize,
}

/// The most that [`Limits::memory_bytes`] may be.
pub(super) const MEMORY_BYTES: usize = 1 << 30;
/// The core instances of one component instance: its modules and the adapters between them.
pub(super) const CORE_INSTANCES: u32 = 16;
/// The linear memories of one component instance.
pub(super) const MEMORIES: u32 = 4;
/// The tables of one component instance.
pub(super) const TABLES: u32 = 8;
/// The elements of one table; a component of a megabyte needs a few hundred.
pub(super) const TABLE_ELEMENTS: usize = 20_000;
