//! The native desk: the crate of the component as native code, behind the entry, the door and the store of the host.
//!
//! The native desk takes the place of the sandbox and gets the same as an instance: the store, the clock and randomness. A
//! difference between the two is therefore the cost of the sandbox.

mod conversion;
mod description;
mod env;
mod fiber;

use std::sync::Arc;

use anyhow::{Context, Result};
use async_trait::async_trait;
use clap::Parser;
use desk::Env;
use portdesk::config::{Config, environment_key};
use portdesk::host::Host;
use portdesk::sandbox::{Conditions, HandleError, Request, Responder, Response};
use portdesk::service::Service;
use portdesk::store::GuestStore;
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout_at};

pub(crate) use self::description::description;
use self::env::{DeskStore, Entropy, WallClock, owned};
use self::fiber::Stacks;

/// The command that makes this program the native desk.
pub(crate) const COMMAND: &str = "native-desk";

/// Prints the address and serves until the process is killed.
pub(crate) fn serve() -> Result<()> {
    let mut config = Config::parse_from(std::env::args_os().skip(1));
    config.api_key = environment_key().ok().flatten();
    Runtime::new().context("a runtime")?.block_on(async {
        let host = Box::pin(Host::open_as(&config, description(), |store| Arc::new(NativeDesk::new(store))));
        let service = Service::listen(&config, host).await?;
        println!("http://{}", service.address);
        service.serve(std::future::pending()).await;
        Ok(())
    })
}

/// Answers requests with native code.
pub(crate) struct NativeDesk {
    store: GuestStore,
    stacks: Stacks,
}

impl NativeDesk {
    pub(crate) fn new(store: GuestStore) -> NativeDesk {
        NativeDesk { store, stacks: Stacks::default() }
    }
}

#[async_trait]
impl Responder for NativeDesk {
    /// This desk knows no spaces: the host that it runs in has no console.
    async fn handle(
        &self,
        request: Request<'_>,
        _conditions: Option<Box<Conditions>>,
        deadline: Instant,
    ) -> Result<Response, HandleError> {
        let mut store = self.store.clone();
        store.begin(request.request_id);
        let request = owned(&request);
        let answered = self.stacks.run(move |waiting| {
            let store = DeskStore::new(store, waiting);
            desk::handle(Env { store: &store, clock: &WallClock, random: &Entropy }, &request)
        });
        let desk::Response { status, headers, body, operation } =
            timeout_at(deadline, answered).await.map_err(|_elapsed| HandleError::Deadline)?;
        Ok(Response { status, headers, body, operation: operation.map(String::from) })
    }

    fn in_use(&self) -> usize {
        0
    }

    fn memory_high_water_bytes(&self) -> usize {
        0
    }
}
