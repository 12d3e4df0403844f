//! Some seconds of the simulation. `cargo simulate` runs more of it.

use simulation::{Bug, Simulation, WorldKind};

const SEEDS: u64 = 500;

fn no_history_breaks_a_promise(world: WorldKind) {
    let simulation = Simulation { world, bug: None };
    let mut requests = 0;
    for seed in 0..SEEDS {
        requests += simulation.run(seed).unwrap_or_else(|counterexample| panic!("{counterexample}"));
    }
    assert!(requests > 10_000, "{requests} requests are too few to test anything");
}

#[test]
fn no_history_of_a_host_on_a_failing_disk_breaks_a_promise() {
    no_history_breaks_a_promise(WorldKind::Disk);
}

#[test]
fn no_history_of_hosts_on_a_failing_table_breaks_a_promise() {
    no_history_breaks_a_promise(WorldKind::Table);
}

#[test]
fn each_planted_defect_is_found() {
    for (world, bug) in Bug::in_worlds() {
        let simulation = Simulation { world, bug: Some(bug) };
        let found = (0..SEEDS).find(|seed| simulation.violation(*seed).is_some());
        assert!(found.is_some(), "{bug:?} is not found in the world {world:?}");
    }
}

#[test]
fn a_seed_repeats_exactly() {
    for world in WorldKind::ALL {
        let simulation = Simulation { world, bug: None };
        for seed in 0..20 {
            assert_eq!(simulation.transcript(seed), simulation.transcript(seed), "{world:?} {seed}");
        }
    }
}

/// Whoever gets a counterexample reads it, so it has to be short.
#[test]
fn a_counterexample_has_nothing_that_the_violation_does_not_need() {
    let simulation = Simulation { world: WorldKind::Table, bug: Some(Bug::KeyTakesAnotherBody) };
    let found = (0..SEEDS).find_map(|seed| simulation.run(seed).err()).unwrap();
    let text = found.to_string();
    let steps = text.lines().filter(|line| line.starts_with("  client")).count();
    assert_eq!(steps, 2, "two openings with one key: {text}");
}
