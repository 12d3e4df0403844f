//! One simulation, and the smallest plan that still breaks a promise.

use std::fmt;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

use crate::bug::Bug;
use crate::checker::History;
use crate::disk_world::DiskWorld;
use crate::engine;
use crate::plan::{Action, FaultKind, Plan};
use crate::table_world::TableWorld;
use crate::world::WorldKind;

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Simulation {
    /// The world.
    pub world: WorldKind,
    /// The planted defect.
    pub bug: Option<Bug>,
}

/// A history that breaks a promise, with nothing in it that could be left out.
#[derive(Debug)]
pub struct Counterexample {
    seed: u64,
    simulation: Simulation,
    violation: String,
    faults: Vec<(u64, FaultKind)>,
    steps: Vec<(usize, Action)>,
    history: History,
}

impl Simulation {
    /// Runs the history of a seed. Returns how many requests it has.
    pub fn run(self, seed: u64) -> Result<usize, Box<Counterexample>> {
        let plan = Plan::new(seed, self.world);
        let history = self.history(&plan);
        match history.violation() {
            None => Ok(history.operations.len()),
            Some(_) => Err(Box::new(self.smallest(plan))),
        }
    }

    /// The promise that the history of a seed breaks.
    #[must_use]
    pub fn violation(self, seed: u64) -> Option<String> {
        self.history(&Plan::new(seed, self.world)).violation()
    }

    /// Everything that clients saw in the history of a seed, as text.
    #[must_use]
    pub fn transcript(self, seed: u64) -> String {
        format!("{:#?}", self.history(&Plan::new(seed, self.world)))
    }

    fn history(self, plan: &Plan) -> History {
        // The store reads in place only in a runtime of this flavour.
        static RUNTIME: LazyLock<Runtime> =
            LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).build().expect("a runtime"));
        let _entered = RUNTIME.enter();
        match self.world {
            WorldKind::Disk => engine::run(self.world, plan, DiskWorld::new(plan.seed, self.bug)),
            WorldKind::Table => engine::run(self.world, plan, TableWorld::new(plan.seed, self.bug)),
        }
    }

    /// Leaves out one step or fault after the other, as long as a promise is broken without it.
    fn smallest(self, mut plan: Plan) -> Counterexample {
        loop {
            let smaller = parts(&plan).find(|smaller| self.history(smaller).violation().is_some());
            match smaller {
                Some(smaller) => plan = smaller,
                None => break,
            }
        }
        let history = self.history(&plan);
        let steps = plan.clients.iter().enumerate();
        Counterexample {
            seed: plan.seed,
            simulation: self,
            violation: history.violation().unwrap_or_default(),
            faults: plan.faults.iter().map(|fault| (fault.at, fault.kind.clone())).collect(),
            steps: steps
                .flat_map(|(client, steps)| steps.iter().map(move |step| (client, step.action.clone())))
                .collect(),
            history,
        }
    }
}

/// The plans with one step or one fault less.
fn parts(plan: &Plan) -> impl Iterator<Item = Plan> {
    let without_fault = (0..plan.faults.len()).map(|fault| {
        let mut plan = plan.clone();
        plan.faults.remove(fault);
        plan
    });
    let places = plan.clients.iter().enumerate();
    let places = places.flat_map(|(client, steps)| (0..steps.len()).rev().map(move |step| (client, step)));
    let without_step = places.map(|(client, step)| {
        let mut plan = plan.clone();
        plan.clients[client].remove(step);
        plan
    });
    without_fault.chain(without_step)
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counterexample { seed, simulation, violation, faults, steps, history } = self;
        writeln!(f, "seed {seed} of {simulation:?}: {violation}")?;
        writeln!(f, "\nThe violation needs these faults (microseconds):")?;
        faults.iter().try_for_each(|(at, kind)| writeln!(f, "{at:>9}  {kind:?}"))?;
        writeln!(f, "and these steps:")?;
        steps.iter().try_for_each(|(client, action)| writeln!(f, "  client {client}: {action:?}"))?;
        writeln!(f, "\nThe requests that follow from them: begin, end, request and answer")?;
        history.operations.iter().try_for_each(|operation| writeln!(f, "{operation}"))?;
        history.walks.iter().try_for_each(|walk| writeln!(f, "{walk:?}"))
    }
}
