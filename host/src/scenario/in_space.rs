//! A space of a host as the world of a scenario.

use std::sync::Arc;

use async_trait::async_trait;
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{World, WorldError};
use crate::backend::SnapshotName;
use crate::clock::ClockSetting;
use crate::faults::Rule;
use crate::journal::{Assertions, MarkKind, Via};
use crate::pipeline::Pipeline;
use crate::space::{Reset, Space, Spaces};

/// A space in which the steps of a scenario are done.
pub struct SpaceWorld {
    /// The pipeline of the host.
    pub pipeline: Arc<Pipeline>,
    /// All spaces of the host.
    pub spaces: Arc<Spaces>,
    /// The space.
    pub space: Arc<Space>,
    /// How the journal names the way of the requests.
    pub via: Via,
}

impl SpaceWorld {
    fn mark(&self, kind: MarkKind, text: &str, details: Value) {
        self.space.mark(kind, text, details);
    }
}

#[async_trait]
impl World for SpaceWorld {
    async fn perform(&self, client: Option<&str>, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let client = client.unwrap_or(DEFAULT_CLIENT);
        self.pipeline.perform_own(self.via, &self.space, client, request).await
    }

    async fn set_clock(&self, clock: &Value) -> Result<(), WorldError> {
        let setting: ClockSetting = read("clock", clock)?;
        self.space.clock.set(&setting).map_err(refused)?;
        self.mark(MarkKind::Clock, "a scenario set the clock", clock.clone());
        Ok(())
    }

    async fn advance(&self, by: &str) -> Result<(), WorldError> {
        self.space.clock.advance(by).map_err(refused)?;
        self.mark(MarkKind::Clock, "a scenario moved the clock", json!({ "by": by }));
        Ok(())
    }

    async fn set_faults(&self, rules: &Value) -> Result<(), WorldError> {
        let read: Vec<Rule> = read("faults", rules)?;
        self.space.faults.replace(read).map_err(refused)?;
        self.mark(MarkKind::Faults, "a scenario set the faults", rules.clone());
        Ok(())
    }

    async fn reset(&self, seed: Option<u64>, clock: Option<&Value>) -> Result<(), WorldError> {
        let clock = clock.map(|clock| read("clock", clock)).transpose()?;
        let reset = Reset { clock, seed, keep_faults: false };
        self.space.reset(&reset).await.map_err(refused)?;
        Ok(())
    }

    async fn snapshot(&self, name: &str) -> Result<(), WorldError> {
        self.space.save(&snapshot_name(name)?).await.map_err(refused)?;
        Ok(())
    }

    async fn restore(&self, name: &str) -> Result<(), WorldError> {
        self.space.restore(&snapshot_name(name)?).await.map_err(refused)?;
        Ok(())
    }

    async fn check(&self, assertions: &Value) -> Result<Value, WorldError> {
        let assertions = Assertions::parse(assertions.to_string().as_bytes()).map_err(refused)?;
        let verdict = self.spaces.check(&self.space, &Arc::new(assertions)).await.map_err(refused)?;
        serde_json::to_value(&verdict).map_err(|_error| WorldError("the verdict has no JSON form".to_owned()))
    }
}

/// Reads a member that the scenario passes on as it stands there.
fn read<T: DeserializeOwned>(member: &str, value: &Value) -> Result<T, WorldError> {
    serde_json::from_value(value.clone()).map_err(|error| WorldError(format!("`{member}`: {error}")))
}

fn snapshot_name(name: &str) -> Result<SnapshotName, WorldError> {
    name.parse().map_err(refused)
}

fn refused(error: impl std::error::Error) -> WorldError {
    WorldError(error.to_string())
}

/// The client of a step that names none.
const DEFAULT_CLIENT: &str = "agent";
