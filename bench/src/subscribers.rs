//! Idle subscribers: so many sockets with one subscription each on one process of our BFF, where nothing happens; what each of
//! them takes of its memory; and then one event, which must reach them all.

mod client;
mod events;

use crate::{
    Fault,
    child::{Child, Seat},
    held, run,
};
use client::Client;
use events::Events;
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

#[derive(clap::Args)]
pub struct Args {
    /// How many there are.
    #[arg(long, default_value_t = 10_000)]
    subscribers: usize,
}

/// So much memory of the server one of them may take, its connection included.
const EACH_BYTES: f64 = 10.0 * 1024.0;

/// How many connect at a time: opening is not what is measured.
const AT_A_TIME: usize = 32;

/// How long they sit before they are measured: what opening took is given back by then.
const SETTLE: Duration = Duration::from_secs(5);

/// Within so much the event has to reach the last of them.
const PATIENCE: Duration = Duration::from_secs(60);

/// Exits 0 when each takes little enough and all hear the event, 1 when not, 2 when it could not be run.
pub fn main(args: Args) -> ExitCode {
    held(2, sat(args))
}

async fn sat(Args { subscribers }: Args) -> Result<bool, Fault> {
    if subscribers == 0 {
        return Err("--subscribers must be at least 1".into());
    }
    run::warn_if_busy();
    enough_descriptors(subscribers)?;
    let events = Events::serve().await?;
    let room = subscribers + 100;
    let set = |key: &str| ["--set".into(), format!("{key}={room}").into()];
    let command =
        ["limits.connections", "limits.connections_per_address", "subscriptions.places_per_address"];
    let command = [vec!["ours".into()], command.iter().flat_map(|key| set(key)).collect()].concat();
    let seat = Seat { name: "ours", command, cores: &[], upstream: Some(&events.url()) };
    let bff = Child::start(seat).await?;
    // What the first of them brings about stays whoever comes.
    let first = Client::subscribe(bff.addr).await?;
    tokio::time::sleep(SETTLE).await;
    let before = bff.rss_bytes()?;
    let begun = Instant::now();
    let mut clients: Vec<_> = stream::iter((1..subscribers).map(|_| Client::subscribe(bff.addr)))
        .buffer_unordered(AT_A_TIME)
        .try_collect()
        .await?;
    clients.push(first);
    let opened = begun.elapsed();
    tokio::time::sleep(SETTLE).await;
    let after = bff.rss_bytes()?;
    let each = after.saturating_sub(before) as f64 / (subscribers - 1).max(1) as f64;
    println!(
        "{subscribers} subscribers on one process, each on a socket of its own (opened in {opened:.1?})"
    );
    println!("  resident: {:.1} MiB with one of them, {:.1} MiB with all", mib(before), mib(after));
    let small = each <= EACH_BYTES;
    println!(
        "  {:<7} {:.1} KiB for each, its connection included (at most {:.0})",
        verdict(small),
        each / 1024.0,
        EACH_BYTES / 1024.0
    );
    let told = Instant::now();
    let listening = events.tell(r#"{"postId":7}"#);
    let heard = stream::iter(clients.iter_mut().map(|client| client.hears(PATIENCE)))
        .buffer_unordered(subscribers)
        .filter(|heard| std::future::ready(*heard))
        .count()
        .await;
    let took = told.elapsed();
    let all = heard == subscribers && listening == 1;
    println!(
        "  {:<7} one event over {listening} connection to the upstream reached {heard} of them in {took:.1?}",
        verdict(all)
    );
    println!("  resident after it: {:.1} MiB", mib(bff.rss_bytes()?));
    bff.end().await?;
    Ok(small && all)
}

fn verdict(well: bool) -> &'static str {
    if well { "ok" } else { "MISSED" }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

/// As many descriptors as the system lets this process and the one it starts have.
#[cfg(target_os = "linux")]
fn enough_descriptors(subscribers: usize) -> Result<(), Fault> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let needed = subscribers as u64 + 200;
    if maximum.is_some_and(|maximum| maximum < needed) {
        return Err(format!(
            "{subscribers} subscribers need {needed} file descriptors: raise the hard limit (ulimit -Hn), or ask for fewer \
             with --subscribers"
        )
        .into());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

#[cfg(not(target_os = "linux"))]
fn enough_descriptors(_: usize) -> Result<(), Fault> {
    Ok(())
}
