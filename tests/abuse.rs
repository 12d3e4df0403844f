//! Hostile clients, beside others whose requests the host must go on answering.
//!
//! Each test has a small version for every run and a full one (`PORTDESK_TESTS=long`), which holds the figures that need a
//! machine that does nothing else.

mod connections;
#[cfg(target_os = "linux")]
mod descriptors;
mod floods;
mod overload;
mod probe;
mod raw;
