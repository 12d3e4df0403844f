//! Output that nobody reads, or that cannot be written: no request waits for it, nothing ends by it, and nothing is believed
//! to have been printed that was not.
//!
//! A test that starts a host finds its port through `/proc`, so these run on Linux alone.
#![cfg(target_os = "linux")]

mod banner;
mod commands;
mod log;
mod signals;
mod streams;
