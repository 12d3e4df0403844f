//! Output that nobody reads or that cannot be written: no request waits for it, no host ends because of it, and the host does not
//! take unprinted text for printed text.
//!
//! The tests find the port of a host in `/proc`, so they run only on Linux.
#![cfg(target_os = "linux")]

mod banner;
mod commands;
mod log;
mod signals;
mod streams;

async fn is_healthy(url: &str) -> bool {
    reqwest::get(format!("{url}/healthz")).await.unwrap().status() == 200
}
