//! The attack: one after the other, what is sent to servers to hurt them is sent to ours, while a polite client goes on
//! asking from another address. Its answers must stay quick, and the server's memory what it was.

mod bytes;
mod documents;
mod http2;
mod polite;
mod slow;

use crate::{
    Fault,
    child::{Child, Seat},
    held, run,
};
use polite::Polite;
use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::task::JoinSet;

#[derive(clap::Args)]
pub struct Args {
    /// How long each attack lasts.
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    /// Only attacks with this in their name.
    #[arg(long)]
    only: Option<String>,
}

/// Within so much a polite client has its answer, 99 times of a hundred.
const P99: Duration = Duration::from_millis(250);

/// So much more memory an attack may take.
const GROWTH_BYTES: u64 = 64 << 20;

/// One attacker: who does its worst again and again until it is dropped.
type Attacker = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

struct Attack {
    name: &'static str,
    /// How many attackers there are at a time.
    attackers: usize,
    attacker: fn(Target) -> Attacker,
}

/// Who is attacked; counts what has been done to it.
#[derive(Clone)]
struct Target {
    addr: SocketAddr,
    blows: Arc<AtomicU64>,
}

impl Target {
    fn hit(&self) {
        self.blows.fetch_add(1, Relaxed);
    }
}

macro_rules! attacks {
    ($($name:literal by $attackers:literal: $attacker:path;)+) => {
        const ATTACKS: &[Attack] =
            &[$(Attack { name: $name, attackers: $attackers, attacker: |target| Box::pin($attacker(target)) }),+];
    };
}

attacks! {
    "(none, to compare with)" by 0: slow::heads;
    "heads that drip (slowloris)" by 1500: slow::heads;
    "bodies that drip" by 900: slow::bodies;
    "connections without end" by 3000: slow::connections;
    "readers that do not read" by 100: slow::readers;
    "headers without end" by 16: bytes::headers;
    "bodies without end" by 16: bytes::bodies;
    "bombs of gzip" by 16: bytes::bombs;
    "sockets without end" by 64: bytes::sockets;
    "batches" by 8: documents::batches;
    "deep documents" by 8: documents::deep;
    "aliases" by 8: documents::aliases;
    "fragments that multiply" by 8: documents::fragments;
    "directives" by 8: documents::directives;
    "documents nobody has seen" by 16: documents::distinct;
    "streams reset at once (HTTP/2)" by 16: http2::resets;
    "windows that stay shut (HTTP/2)" by 64: http2::shut_windows;
}

/// Exits 0 when every attack leaves the others alone, 1 when one does not, 2 when it could not be run.
pub fn main(args: Args) -> ExitCode {
    held(2, attacked(args))
}

async fn attacked(args: Args) -> Result<bool, Fault> {
    if !(args.seconds.is_finite() && args.seconds >= 1.0) {
        return Err("--seconds must be at least 1".into());
    }
    run::warn_if_busy();
    let time = Duration::from_secs_f64(args.seconds);
    let rest = Child::start(Seat {
        name: "the REST service",
        command: vec!["mock".into()],
        cores: &[],
        upstream: None,
    });
    let rest = rest.await?;
    println!(
        "{:<8} {:<32} {:>10} {:>9} {:>9} {:>12} {:>10}",
        "", "attack", "p99", "answers", "lost", "memory", "blows"
    );
    let mut all_well = true;
    let wanted = |attack: &&Attack| args.only.as_deref().is_none_or(|only| attack.name.contains(only));
    for attack in ATTACKS.iter().filter(wanted) {
        // A server of its own for each: what one attack leaves behind is not the next one's.
        let seat =
            Seat { name: "ours", command: vec!["ours".into()], cores: &[], upstream: Some(&rest.url()) };
        let bff = Child::start(seat).await?;
        let outcome = under(attack, &bff, time).await?;
        let well = outcome.p99 < P99 && outcome.grown < GROWTH_BYTES && outcome.polite.lost == 0;
        all_well &= well;
        println!(
            "{:<8} {:<32} {:>7.1} ms {:>9} {:>9} {:>+8.1} MiB {:>10}",
            if well { "ok" } else { "MISSED" },
            attack.name,
            outcome.p99.as_secs_f64() * 1000.0,
            outcome.polite.latencies.len(),
            outcome.polite.lost,
            outcome.grown as f64 / 1024.0 / 1024.0,
            outcome.blows,
        );
        bff.end().await?;
    }
    Ok(all_well)
}

struct Outcome {
    polite: Polite,
    p99: Duration,
    grown: u64,
    blows: u64,
}

async fn under(attack: &Attack, bff: &Child, time: Duration) -> Result<Outcome, Fault> {
    // Memory that any traffic takes is not the attack's.
    polite::ask(bff.addr, Duration::from_secs(1)).await?;
    let before = bff.rss_bytes()?;
    let target = Target { addr: bff.addr, blows: Arc::default() };
    let mut attackers = JoinSet::new();
    for _ in 0..attack.attackers {
        attackers.spawn((attack.attacker)(target.clone()));
    }
    let mut highest = before;
    let polite = {
        let asking = polite::ask(bff.addr, time);
        tokio::pin!(asking);
        let mut every = tokio::time::interval(Duration::from_millis(50));
        loop {
            tokio::select! {
                polite = &mut asking => break polite?,
                _ = every.tick() => highest = highest.max(bff.rss_bytes()?),
            }
        }
    };
    attackers.shutdown().await;
    let p99 = polite.p99();
    Ok(Outcome { polite, p99, grown: highest.saturating_sub(before), blows: target.blows.load(Relaxed) })
}
