//! `cargo bench-desk calls` measures the sandbox alone, beside the same desk as native code.
//!
//! Requests are answered in this process, on one thread, without HTTP, over the store in memory. The responders differ only in
//! the sandbox, so this command shows changes of the sandbox that are smaller than the noise of a whole server.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use portdesk::backend::memory::Memory;
use portdesk::contract::Contract;
use portdesk::host::component_bytes;
use portdesk::sandbox::{Component, Isolation, Limits, Request, Responder, Response, Sandbox};
use portdesk::store::GuestStore;
use portdesk::telemetry::{Spans, Telemetry};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::figures::Spread;
use crate::load::LISTED;
use crate::native_desk::{NativeDesk, description};

/// The options of `calls`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Number of rounds; the table shows medians over all rounds
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,

    /// Number of requests in each measurement
    #[arg(long, value_name = "COUNT", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests: u32,

    /// Responders; all of them if none is named
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<Answering>,

    /// Requests; all of them if none is named
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    asked: Vec<Asked>,
}

/// A responder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Answering {
    /// The desk as native code.
    Native,
    /// The component, in one instance for all requests.
    Pooled,
    /// The component, in a new instance for each request.
    Fresh,
}

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Asked {
    /// Reads one ticket without comments.
    Get,
    /// Reads ten tickets of a caller.
    List,
    /// Creates a ticket.
    Post,
}

/// Measures, and prints Markdown.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build().context("a runtime")?;
    let component = component_bytes(None)?;
    let who = chosen(&arguments.only);
    let desks = who.iter().map(|who| Desk::open(*who, &component, &runtime)).collect::<Result<Vec<_>>>()?;
    println!("| us for one answer: median (least) | {} |", row(who.iter().map(|who| format!("{who:?}"))));
    println!("|---|{}|", vec!["---:"; who.len()].join("|"));
    for asked in chosen(&arguments.asked) {
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); desks.len()];
        for _ in 0..arguments.rounds {
            for (desk, times) in desks.iter().zip(&mut times) {
                times.push(desk.time(&runtime, asked, arguments.requests)?);
            }
        }
        let spreads = times.into_iter().filter_map(Spread::of);
        let cells = spreads.map(|Spread { median, least, .. }| format!("{median:.2} ({least:.2})"));
        println!("| {asked:?} | {} |", row(cells));
    }
    Ok(())
}

/// Returns the named values, or all values if none is named.
fn chosen<T: ValueEnum + PartialEq>(named: &[T]) -> Vec<T> {
    let all = T::value_variants().iter();
    all.filter(|value| named.is_empty() || named.contains(value)).cloned().collect()
}

fn row(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(" | ")
}

/// A responder over a store of its own, which has a page of tickets.
struct Desk {
    responder: Box<dyn Responder>,
    /// The path of a ticket.
    ticket: String,
}

impl Desk {
    fn open(who: Answering, component: &[u8], runtime: &Runtime) -> Result<Desk> {
        let schema = description().schema;
        let telemetry = Telemetry::new(&Contract::default(), &[], Spans::default())?;
        let store = GuestStore::new(Arc::new(Memory::new(&schema)), schema, Arc::new(telemetry));
        let sandbox = |isolation, store| {
            let limits = Limits { isolation, instances: 1, memory_bytes: 32 * 1024 * 1024 };
            let component = Component::load(component, limits)?;
            Ok::<Box<dyn Responder>, anyhow::Error>(Box::new(Sandbox::new(component, store)))
        };
        let responder = match who {
            Answering::Native => Box::new(NativeDesk::new(store)),
            Answering::Pooled => sandbox(Isolation::Pooled, store)?,
            Answering::Fresh => sandbox(Isolation::Fresh, store)?,
        };
        let mut desk = Desk { responder, ticket: String::new() };
        for _ in 0..LISTED {
            let created = runtime.block_on(desk.answer(&Asked::Post.request("/tickets", LISTED_CALLER)))?;
            let location = created.headers.into_iter().find(|(name, _)| name == "location");
            desk.ticket = location.context("the answer has no location")?.1;
        }
        Ok(desk)
    }

    /// Returns the microseconds for one answer, if the desk gives this number of answers one after the other.
    fn time(&self, runtime: &Runtime, asked: Asked, requests: u32) -> Result<f64> {
        let path = if asked == Asked::Get { &self.ticket } else { "/tickets" };
        let request = asked.request(path, OTHER_CALLER);
        let begin = Instant::now();
        runtime.block_on(async {
            for _ in 0..requests {
                black_box(self.answer(&request).await?);
            }
            anyhow::Ok(())
        })?;
        Ok(begin.elapsed().as_secs_f64() * 1e6 / f64::from(requests))
    }

    async fn answer(&self, request: &Request<'_>) -> Result<Response> {
        let deadline = Instant::now() + Duration::from_mins(1);
        let response = self.responder.handle(request.clone(), None, deadline).await?;
        if !(200..300).contains(&response.status) {
            bail!("{} {} was answered with {}", request.method, request.path, response.status);
        }
        Ok(response)
    }
}

impl Asked {
    fn request<'a>(self, path: &'a str, body: &'a str) -> Request<'a> {
        let (method, query, body) = match self {
            Asked::Get => ("GET", None, ""),
            Asked::List => ("GET", Some("caller=caller-7&limit=10"), ""),
            Asked::Post => ("POST", None, body),
        };
        Request {
            method,
            path,
            query,
            headers: &[("accept", "*/*"), ("content-type", "application/json")],
            body: body.as_bytes(),
            client: Some("agent"),
            request_id: "00000000-0000-4000-8000-000000000000",
        }
    }
}

const LISTED_CALLER: &str = r#"{"caller_id":"caller-7","issue_description":"The VPN drops every ten minutes since the update of this morning."}"#;
const OTHER_CALLER: &str = r#"{"caller_id":"caller-8","issue_description":"The VPN drops every ten minutes since the update of this morning."}"#;
