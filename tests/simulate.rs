//! `cargo simulate`: runs histories of the simulation for a range of seeds, on all processors.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use clap::Parser;
use simulation::{Bug, Simulation, WorldKind};

/// Runs simulated histories and checks the promises of README.md.
#[derive(Debug, Parser)]
#[command(name = "cargo simulate")]
struct Asked {
    /// How many histories to run in each world
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Runs only this seed
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// Prints after how many seeds each planted defect is found
    #[arg(long, conflicts_with = "seed")]
    defects: bool,
    /// Runs only this world: disk or table
    #[arg(long, value_parser = world)]
    world: Option<WorldKind>,
}

fn world(name: &str) -> Result<WorldKind, String> {
    let found = WorldKind::ALL.into_iter().find(|world| format!("{world:?}").eq_ignore_ascii_case(name));
    found.ok_or_else(|| "there are the worlds disk and table".to_owned())
}

fn main() -> ExitCode {
    let asked = Asked::parse();
    let seeds =
        asked.seed.map_or(asked.first..asked.first.saturating_add(asked.seeds), |seed| seed..seed + 1);
    if asked.defects {
        return find_defects(&seeds);
    }
    let worlds = WorldKind::ALL.into_iter().filter(|world| asked.world.is_none_or(|only| only == *world));
    let mut violations = 0;
    for world in worlds {
        let (next, broken, requests) =
            (AtomicU64::new(seeds.start), AtomicUsize::new(0), AtomicUsize::new(0));
        let begun = Instant::now();
        let work = || {
            while let Some(seed) =
                Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| seeds.contains(seed))
            {
                match (Simulation { world, bug: None }).run(seed) {
                    Ok(count) => drop(requests.fetch_add(count, Ordering::Relaxed)),
                    Err(counterexample) => {
                        println!("{counterexample}");
                        println!("cargo simulate --seed {seed}\n");
                        broken.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        };
        thread::scope(|scope| {
            let threads = thread::available_parallelism().map_or(1, usize::from);
            (0..threads).for_each(|_| drop(scope.spawn(work)));
        });
        let (histories, requests) = (seeds.end - seeds.start, requests.into_inner());
        let broken = broken.into_inner();
        println!(
            "{world:?}: {histories} histories, {requests} requests, {broken} violations, {:.1?}",
            begun.elapsed()
        );
        violations += broken;
    }
    if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Looks for each planted defect in each world that can have it.
fn find_defects(seeds: &std::ops::Range<u64>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (world, bug) in Bug::in_worlds() {
        let simulation = Simulation { world, bug: Some(bug) };
        match seeds.clone().find(|seed| simulation.violation(*seed).is_some()) {
            Some(seed) => println!("{world:?} {bug:?}: found after {} seeds", seed - seeds.start + 1),
            None => {
                println!("{world:?} {bug:?}: NOT FOUND");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
