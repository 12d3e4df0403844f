//! `POST /v1/scenarios`: does the steps of a scenario in a space.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;
use tokio::time::timeout;

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use crate::backend::SnapshotName;
use crate::journal::{MarkKind, Via};
use crate::scenario::{self, Mode, Scenario, SpaceWorld};

/// The body is a scenario in YAML or JSON. With `mode=seed`, which is the default, it puts data into the space; if a step fails,
/// the space has its items, clock, seed and faults of before again, and what others wrote in the meantime is gone. With
/// `mode=run` it is a test, and the space is reset first. A space takes one scenario at a time.
pub(super) async fn perform(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space", "mode"])?;
    let mode = query.word("mode")?.unwrap_or(Mode::Seed);
    let (pipeline, spaces) = (Arc::clone(asked.pipeline), Arc::clone(asked.spaces));
    let space = asked.space(&query)?;
    let body = asked.bytes().await?;
    let scenario = Scenario::parse(&body, &pipeline.contract);
    let scenario = scenario.map_err(|error| Refusal::Invalid(error.to_string()))?;
    let busy = || Refusal::Conflict("scenario", "a scenario runs in this space; wait for its end".to_owned());
    let _alone = space.scenario.try_lock().map_err(|_locked| busy())?;
    let via = if mode == Mode::Run { Via::Http } else { Via::Seed };
    let world = SpaceWorld { pipeline, spaces: Arc::clone(&spaces), space: Arc::clone(&space), via };
    // A store that cannot keep its state can still take the steps of a scenario.
    let before = SnapshotName::before_scenario();
    let is_kept = mode == Mode::Seed && space.has_contents();
    let kept = space.beginning_now();
    if is_kept {
        space.save_own(&before).await?;
    }
    // A client waits a little longer than this, so that it learns how the scenario ended.
    let report = timeout(SCENARIO_TIME, scenario::run(&scenario, &world, mode)).await;
    if is_kept && !report.as_ref().is_ok_and(|report| report.held) {
        space.put_back(kept)?;
        if let Err(error) = space.restore_own(&before).await {
            let text = format!(
                "the scenario failed, and its items could not be removed ({error}); restore {before}"
            );
            return Err(Refusal::Conflict("not_undone", text));
        }
    }
    let Ok(report) = report else {
        let ended = if is_kept { "everything is as before" } else { "the steps before that are done" };
        let text = format!("the scenario took more than {} minutes; {ended}", SCENARIO_TIME.as_secs() / 60);
        return Err(Refusal::Unavailable("too_long", text));
    };
    let details = json!({ "name": report.name, "held": report.held, "mode": mode });
    space.mark(MarkKind::Scenario, "a scenario ran", details);
    let status = if report.held { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(answer::json(status, &report))
}

/// How long a scenario may take. A connection of this listener lasts a minute longer.
pub(crate) const SCENARIO_TIME: Duration = Duration::from_mins(4);
