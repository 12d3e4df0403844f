//! Connects the store to the platform: it exports `key-value` and imports WASI.

mod export;
mod exported;
mod import;
