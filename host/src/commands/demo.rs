//! `portdesk demo`: a host for a first look, with its console, its controls, and something that happens in it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::{Args, Parser};
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::sleep;
use tracing::warn;

use super::serve::{self, RUNTIME_END};
use super::{Ended, environment_key};
use crate::config::{Config, DataDir, Given};
use crate::journal::Via;
use crate::pipeline::Pipeline;
use crate::scenario::{self, Mode, Scenario, SpaceWorld, World, WorldError};
use crate::service::Service;
use crate::telemetry::log;

/// The arguments of `portdesk demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Address and port of the API
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Address and port of the console
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    console: SocketAddr,
}

pub(super) fn run(demo: &Demo, given: &Given) -> Result<(), Ended> {
    let folder = TempDir::new()?;
    let flags = ["demo", "--store", "memory", "--keys", "file", "--controls", "--log-level", "warn"];
    let config = Config::parse_from(
        flags
            .into_iter()
            .map(str::to_owned)
            .chain([format!("--listen={}", demo.listen), format!("--console={}", demo.console)]),
    );
    let data = DataDir { path: folder.path().to_owned() };
    let config = Config { data, api_key: environment_key().map_err(Ended::WrongUse)?, ..config };
    let log = log::start(config.log_format, config.log_level)?;
    serve::report_panics();
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve::serve_with(&config, given, live));
    runtime.shutdown_timeout(RUNTIME_END);
    log.end();
    served
}

/// Makes things happen, until the host stops.
fn live(service: &Service) -> Result<(), Ended> {
    let pipeline = Arc::clone(&service.host.pipeline);
    let read = |text: &str| Scenario::parse(text.as_bytes(), &pipeline.contract);
    let (begin, day) = (read(BEGIN)?, read(DAY)?);
    let Some(world) = LivingWorld::new(&pipeline) else { return Ok(()) };
    tokio::spawn(async move {
        loop {
            world.report(&begin, 0).await;
            for _ in 0..DAYS {
                world.report(&day, 1).await;
            }
            if let Err(error) = world.http.reset(None, None).await {
                warn!(%error, "the demo cannot begin again");
            }
        }
    });
    Ok(())
}

/// The space `main`, in which the steps come from several clients and take their time.
struct LivingWorld {
    http: SpaceWorld,
    mcp: SpaceWorld,
}

/// The living world at a pace: 0 is as fast as possible, 1 as fast as people can follow.
struct Paced<'a> {
    world: &'a LivingWorld,
    pace: u32,
}

impl LivingWorld {
    fn new(pipeline: &Arc<Pipeline>) -> Option<LivingWorld> {
        let spaces = pipeline.spaces.as_ref()?;
        let world = |via| SpaceWorld {
            pipeline: Arc::clone(pipeline),
            spaces: Arc::clone(spaces),
            space: Arc::clone(spaces.main()),
            via,
        };
        Some(LivingWorld { http: world(Via::Http), mcp: world(Via::Mcp) })
    }

    /// Does a scenario. A person who changes the faults or the state may make a step fail, and then the next round begins.
    async fn report(&self, scenario: &Scenario, pace: u32) {
        let report = scenario::run(scenario, &Paced { world: self, pace }, Mode::Seed).await;
        if !report.held {
            sleep(PAUSE).await;
        }
    }
}

#[async_trait]
impl World for Paced<'_> {
    async fn perform(&self, client: Option<&str>, request: Request<Bytes>) -> Option<Response<Bytes>> {
        // Neither even nor random: the length of the path is as good as chance for the eye.
        let length =
            u32::try_from(request.uri().path().len() + client.map_or(0, str::len)).unwrap_or_default();
        sleep(PAUSE * (length % 5 + 1) * self.pace / 3).await;
        let is_agent = client.is_some_and(|client| client.ends_with("-bot"));
        let world = if is_agent { &self.world.mcp } else { &self.world.http };
        world.perform(client, request).await
    }

    async fn set_clock(&self, clock: &Value) -> Result<(), WorldError> {
        self.world.http.set_clock(clock).await
    }

    async fn advance(&self, by: &str) -> Result<(), WorldError> {
        self.world.http.advance(by).await
    }

    async fn set_faults(&self, rules: &Value) -> Result<(), WorldError> {
        self.world.http.set_faults(rules).await
    }

    async fn reset(&self, seed: Option<u64>, clock: Option<&Value>) -> Result<(), WorldError> {
        self.world.http.reset(seed, clock).await
    }

    async fn snapshot(&self, name: &str) -> Result<(), WorldError> {
        self.world.http.snapshot(name).await
    }

    async fn restore(&self, name: &str) -> Result<(), WorldError> {
        self.world.http.restore(name).await
    }

    async fn check(&self, assertions: &Value) -> Result<Value, WorldError> {
        self.world.http.check(assertions).await
    }
}

/// Both scenarios are for the built-in component, and are examples of scenarios too.
const BEGIN: &str = include_str!("../../../examples/demo/begin.yaml");
const DAY: &str = include_str!("../../../examples/demo/day.yaml");
/// After so many rounds the demo begins again, so that it does not fill the memory overnight.
const DAYS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(600);
