//! A whole host in this process, whose desk is native code, for the targets.
//!
//! A target passes its input to a host, and panics if the answer is none that the contract allows. The fuzzer keeps inputs that reach
//! new code.

mod native;

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use portdesk::config::Config;
use portdesk::contract::Contract;
use portdesk::host::Host;
use portdesk::service::Service;
use portdesk::store::GuestStore;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The key of the only client.
pub const KEY: &str = "fuzz-fuzz-fuzz-fuzz-fuzz";

/// A host with the native desk over a store in memory.
pub struct Fuzzed {
    /// Everything of the host runs here, on the thread of the fuzzer.
    pub runtime: Runtime,
    /// The host.
    pub host: Host,
    /// The store as the desk has it.
    pub store: GuestStore,
    _data: TempDir,
}

impl Fuzzed {
    /// Opens a host.
    pub fn open() -> Fuzzed {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let data = tempfile::tempdir().expect("a folder");
        let mut kept = None;
        let config = config(&data);
        let opened = Host::open_as(&config, native::description(), |store| {
            kept = Some(store.clone());
            Arc::new(native::NativeDesk(store))
        });
        let host = runtime.block_on(opened).expect("the host opens");
        let store = kept.expect("the desk has a store");
        Fuzzed { runtime, host, store, _data: data }
    }

    /// The answer to a request. Panics if the host failed, or if the answer is not in the form that it names.
    pub fn ask(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        let answer = self.answer(request);
        let status = answer.status();
        assert!(!status.is_server_error(), "{status}: {:?}", answer.body());
        answer
    }

    /// The answer to a request, which may be that the host or the desk failed.
    pub fn answer(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        let answer = self.runtime.block_on(async {
            let (parts, body) = self.host.pipeline.answer(request).await.into_parts();
            let Ok(body) = body.collect().await;
            Response::from_parts(parts, body.to_bytes())
        });
        let kind = answer.headers().get("content-type");
        if kind.is_some_and(|kind| kind.as_bytes().ends_with(b"json")) && !answer.body().is_empty() {
            serde_json::from_slice::<serde_json::Value>(answer.body()).expect("an answer in JSON is JSON");
        }
        answer
    }
}

/// Serves the same host on a port of this machine, on a thread of its own, and returns the address.
pub fn serve() -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let data = tempfile::tempdir().expect("a folder");
            let config = config(&data);
            let host =
                Host::open_as(&config, native::description(), |store| Arc::new(native::NativeDesk(store)));
            let service = Service::listen(&config, host).await.expect("the service listens");
            sender.send(service.address).expect("the fuzzer waits");
            service.serve(std::future::pending()).await;
        });
    });
    receiver.recv().expect("the host starts")
}

/// The contract of the desk.
pub fn contract() -> Contract {
    Contract::parse(desk::openapi()).expect("the contract is one")
}

fn config(data: &TempDir) -> Config {
    let folder = data.path().to_str().expect("a path in UTF-8");
    let flags = [
        "portdesk",
        "--store",
        "memory",
        "--listen",
        "127.0.0.1:0",
        "--rate-limit",
        "off",
        "--data-dir",
        folder,
    ];
    Config { api_key: Some(KEY.to_owned()), ..Config::parse_from(flags) }
}
