//! The component's edge: WIT records to plain types and back, and nothing else.

mod bindings;
mod export;
mod import;
mod runtime;
