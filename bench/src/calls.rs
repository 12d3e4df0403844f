//! `cargo bench-desk calls`: the sandbox alone, beside the same desk as native code.
//!
//! Requests are answered in this process, on one thread, without HTTP, over the store in memory: what differs between the
//! respondents is the sandbox and nothing else, so a change of it shows that the noise of a server would hide.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use portdesk::backend::memory::Memory;
use portdesk::contract::Contract;
use portdesk::host::component_bytes;
use portdesk::sandbox::{Component, Isolation, Limits, Request, Responder, Response, Sandbox};
use portdesk::store::GuestStore;
use portdesk::telemetry::{Spans, Telemetry};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::figures::Spread;
use crate::native_desk::{NativeDesk, description};

/// What to measure of the sandbox.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How often everything is measured
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,

    /// How many requests each measurement makes
    #[arg(long, value_name = "COUNT", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests: u32,

    /// Who answers; all of them unless some are named
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<Answering>,

    /// What is asked; everything unless some are named
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    asked: Vec<Asked>,

    /// The component that the sandbox runs; the built-in one unless one is named
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Answering {
    /// The desk as native code.
    Native,
    /// The component, in an instance that stays.
    Pooled,
    /// The component, in a new instance for each request.
    Fresh,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Asked {
    /// One ticket without comments.
    Get,
    /// Ten tickets of a caller.
    List,
    /// A new ticket.
    Post,
}

/// Measures, and prints Markdown.
pub(crate) fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_time().build().map_err(Failure::io("a runtime"))?;
    let component = component_bytes(arguments.component.as_deref())?;
    let who = chosen(&arguments.only);
    let desks =
        who.iter().map(|who| Desk::open(*who, &component, &runtime)).collect::<Result<Vec<_>, _>>()?;
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

/// What was named on the command line; all there is where nothing was.
fn chosen<T: ValueEnum + PartialEq>(named: &[T]) -> Vec<T> {
    let all = T::value_variants().iter();
    all.filter(|value| named.is_empty() || named.contains(value)).cloned().collect()
}

fn row(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(" | ")
}

/// Who answers, over a store of its own with the tickets that are asked for.
struct Desk {
    responder: Either,
    /// The path of a ticket.
    ticket: String,
}

enum Either {
    Sandbox(Box<Sandbox>),
    NativeDesk(NativeDesk),
}

impl Desk {
    fn open(who: Answering, component: &[u8], runtime: &Runtime) -> Result<Desk, Failure> {
        let schema = description().schema;
        let telemetry =
            Telemetry::new(&Contract::default(), &[], Spans::default()).map_err(Failure::Metrics)?;
        let store = GuestStore::new(Arc::new(Memory::new(&schema)), schema, Arc::new(telemetry));
        let sandbox = |isolation, store| {
            let limits = Limits { isolation, instances: 1, memory_bytes: 32 * 1024 * 1024 };
            let component = Component::load(component, limits).map_err(Failure::Component)?;
            Ok::<_, Failure>(Either::Sandbox(Box::new(Sandbox::new(component, store))))
        };
        let responder = match who {
            Answering::Native => Either::NativeDesk(NativeDesk::new(store)),
            Answering::Pooled => sandbox(Isolation::Pooled, store)?,
            Answering::Fresh => sandbox(Isolation::Fresh, store)?,
        };
        let mut desk = Desk { responder, ticket: String::new() };
        for _ in 0..LISTED {
            let made = runtime.block_on(desk.answer(&Asked::Post.request("/tickets", LISTED_CALLER)))?;
            let location = made.headers.into_iter().find(|(name, _)| name == "location");
            desk.ticket = location.map_or_else(String::new, |(_, path)| path);
        }
        Ok(desk)
    }

    /// Microseconds for each of so many answers, one after the other.
    fn time(&self, runtime: &Runtime, asked: Asked, requests: u32) -> Result<f64, Failure> {
        let path = if asked == Asked::Get { &self.ticket } else { "/tickets" };
        let request = asked.request(path, OTHER_CALLER);
        let begin = Instant::now();
        runtime.block_on(async {
            for _ in 0..requests {
                black_box(self.answer(&request).await?);
            }
            Ok::<(), Failure>(())
        })?;
        Ok(begin.elapsed().as_secs_f64() * 1e6 / f64::from(requests))
    }

    async fn answer(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let deadline = Instant::now() + Duration::from_mins(1);
        let response = match &self.responder {
            Either::Sandbox(sandbox) => sandbox.handle(request.clone(), deadline).await,
            Either::NativeDesk(native_desk) => native_desk.handle(request.clone(), deadline).await,
        };
        let response = response.map_err(Failure::Sandbox)?;
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        Err(Failure::Answer {
            asked: format!("{} {}", request.method, request.path),
            status: response.status,
            body: String::from_utf8_lossy(&response.body).into_owned(),
        })
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

const LISTED: usize = 10;
const LISTED_CALLER: &str = r#"{"caller_id":"caller-7","issue_description":"The VPN drops every ten minutes since the update of this morning."}"#;
const OTHER_CALLER: &str = r#"{"caller_id":"caller-8","issue_description":"The VPN drops every ten minutes since the update of this morning."}"#;
