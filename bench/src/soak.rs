//! The soak: minutes of mixed load and bad weather against our BFF. Memory must stay flat, no task be left over, every
//! answer be whole or honest about what is missing.

mod clients;
pub mod faulty;
mod judge;
mod verdict;
mod watch;
mod weather;

use crate::{
    Fault,
    child::{Child, Seat},
    held, run,
};
use clients::{Clients, Seen};
use std::{process::ExitCode, sync::Arc, time::Duration};
use verdict::verdicts;
use watch::Watch;

#[derive(clap::Args)]
pub struct Args {
    /// How long the load lasts. The first fifth warms up: its memory does not count.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// How many clients ask at a time.
    #[arg(long, default_value_t = 24)]
    clients: usize,
    /// Decides what is asked and what fails, when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Milliseconds our BFF gives a request: short, so that upstreams that hang are met often.
const DEADLINE_MS: u64 = 1_000;

/// Seconds between two rows of the table.
const ROW_S: u64 = 30;

/// Exits 0 when everything holds, 1 when something does not, 2 when it could not be run.
pub fn main(args: Args) -> ExitCode {
    held(1, soaked(args))
}

async fn soaked(args: Args) -> Result<bool, Fault> {
    if !(args.minutes.is_finite() && args.minutes >= 0.5) {
        return Err("--minutes must be at least 0.5: memory is compared between thirds".into());
    }
    run::warn_if_busy();
    let time = Duration::from_secs_f64(args.minutes * 60.0);
    let warm_up = time / 5;
    // Anywhere: what is looked for does not depend on the core.
    let seed = args.seed.to_string();
    let command = ["faulty", "--seed", &seed].map(Into::into).to_vec();
    let rest = Child::start(Seat { name: "the REST service", command, cores: &[], upstream: None }).await?;
    let deadline = format!("deadline_ms={DEADLINE_MS}");
    let command = ["ours", "--set", "admin=127.0.0.1:0", "--set", &deadline].map(Into::into).to_vec();
    let bff = Child::start(Seat { name: "ours", command, cores: &[], upstream: Some(&rest.url()) }).await?;

    let mut watch = Watch::new(bff);
    let seen = Arc::new(Seen::default());
    let clients = Clients::new(watch.bff.addr, args.seed, Arc::clone(&seen)).await?;
    // At rest, but not before the first call: its pool has started whatever keeps house.
    let before = watch.now().await?;
    rest.tell("POST", "/__storm").await?;
    println!(
        "{} clients for {:.1} minutes, seed {}; the first {:.0} s warm up",
        args.clients,
        args.minutes,
        args.seed,
        warm_up.as_secs_f64()
    );
    let load = clients.run(args.clients, warm_up, time);
    watch.until(load, &seen, Duration::from_secs(ROW_S)).await?;

    // With the load and the upstream gone, what is still alive is left over.
    rest.end().await?;
    let patience = Duration::from_millis(DEADLINE_MS) + Duration::from_secs(15);
    let left = watch.settled(&before, patience).await?;
    let verdicts = verdicts(&watch.samples, warm_up, &before, &left, &seen);
    println!();
    for verdict in &verdicts {
        println!("{verdict}");
    }
    Ok(verdicts.iter().all(|verdict| verdict.holds))
}
