//! The driver: seats the processes, compares their answers, measures them in turns, prints the table and the goals.

mod answers;
mod entrants;
mod goals;
mod report;
mod table;

use crate::{
    Fault,
    load::{Load, Sample},
    queries::{MEASURED, Q1, Query},
    seat,
};
use entrants::{Cores, Entrant, Mocks};
use report::Report;
use std::{path::PathBuf, process::ExitCode, time::Duration};

#[derive(clap::Args)]
pub struct Args {
    /// Seconds measured for each server, operation and number of connections, over all rounds.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How often the servers take turns.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// A look at everything: one short round, also on a build that is not optimised. No figures to keep.
    #[arg(long, conflicts_with_all = ["seconds", "rounds"])]
    quick: bool,
    /// The core of the servers, then that of the REST service and the load.
    #[arg(long, default_value = "0,1", value_parser = cores)]
    cores: Cores,
    /// Also measure the peers on Node in this folder, where `npm ci` has been run.
    #[arg(long, value_name = "FOLDER")]
    peers: Option<PathBuf>,
    /// Leave the peers on Node out, whatever `--peers` says.
    #[arg(long)]
    no_peers: bool,
    /// Also write every figure to this file, as JSON ("-" for standard output, instead of the table).
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Every turn is given this much longer than it should take; a server that stops answering must not stop the bench.
const PATIENCE: Duration = Duration::from_secs(30);

/// Exits 0 when no goal is missed, 1 when one is, 2 when nothing could be measured.
pub fn main(args: Args) -> ExitCode {
    let json = args.json.clone();
    let told = measured(args).and_then(|report| Ok((report.tell(json.as_deref())?, report)));
    match told {
        Ok(((), report)) if !report.goals().iter().any(|goal| goal.missed()) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::from(2)
        }
    }
}

fn measured(args: Args) -> Result<Report, Fault> {
    if cfg!(debug_assertions) && !args.quick {
        return Err("this is an unoptimised build; `make bench` builds and runs the right one".into());
    }
    if !(args.seconds.is_finite() && args.seconds > 0.0) {
        return Err("--seconds must be more than 0".into());
    }
    let (seconds, rounds) = if args.quick { (0.3, 1) } else { (args.seconds, args.rounds) };
    let peers = args.peers.filter(|_| !args.no_peers);
    warn_if_busy();
    seat::pin(&[args.cores.load])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mocks = Mocks::start(args.cores).await?;
        let entrants = entrants::start(&mocks, args.cores, peers.as_deref()).await?;
        let bench = Bench { mocks, entrants, slice: Duration::from_secs_f64(seconds / f64::from(rounds)) };
        bench.whole(rounds).await
    })
}

/// Other work on the cores shows in every figure; ratios forgive some of it, deadlines nothing.
pub fn warn_if_busy() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last_minute = load.split(' ').next().and_then(|load| load.parse::<f64>().ok());
    if let Some(load) = last_minute.filter(|load| *load > 1.0) {
        eprintln!("this machine is busy (load average {load}): the figures will be rough");
    }
}

fn cores(text: &str) -> Result<Cores, String> {
    let cores: Option<Vec<usize>> = text.split(',').map(|core| core.trim().parse().ok()).collect();
    match cores.as_deref() {
        Some(&[server, load]) if server != load => Ok(Cores { server, load }),
        Some([_, _]) => Err("the server's core must not be the load's".into()),
        _ => Err("two cores are needed, such as 0,1".into()),
    }
}

/// One server's turn at one operation.
struct Turn<'a> {
    entrant: &'a Entrant,
    query: &'a Query,
    connections: usize,
    /// What every answer must measure, in bytes.
    length: usize,
    warm_up: Duration,
}

impl std::fmt::Display for Turn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Turn { entrant, query, connections, .. } = self;
        write!(f, "{} on {} at {connections} connections", entrant.child.name, query.name)
    }
}

/// What a turn gave.
pub struct Taken {
    sample: Sample,
    /// CPU time the server used.
    cpu: Duration,
    /// Upstream calls it made.
    calls: u64,
}

struct Bench {
    mocks: Mocks,
    entrants: Vec<Entrant>,
    /// What a server gets per turn.
    slice: Duration,
}

impl Bench {
    async fn whole(&self, rounds: u32) -> Result<Report, Fault> {
        let lengths = self.compared().await?;
        let mut report = Report::default();
        for round in 0..rounds {
            eprintln!("round {} of {rounds}: {}", round + 1, table::about(self.round_takes(round)));
            for (query, lengths) in MEASURED.iter().zip(&lengths) {
                self.mocks.latency(query.latency_ms).await?;
                for connections in query.connections {
                    // Nobody is always first: what the machine does meanwhile hits each of them.
                    let turns = lengths.len().max(1);
                    for (entrant, length) in
                        lengths.iter().cycle().skip(round as usize % turns).take(lengths.len())
                    {
                        let turn = Turn {
                            entrant,
                            query,
                            connections: *connections,
                            length: *length,
                            warm_up: self.warm_up(entrant, round),
                        };
                        let taken = self.take(&turn).await.map_err(|e| format!("{turn}: {e}"))?;
                        report.cell(entrant.child.name, query.name, *connections).add(taken);
                        if query.name == Q1.name {
                            report.rss_on_q1(entrant.child.name, entrant.child.rss_bytes()?);
                        }
                    }
                }
            }
        }
        Ok(report)
    }

    /// Checks that those who take part in a query answer it alike; gives the length of each one's answer, in bytes.
    async fn compared(&self) -> Result<Vec<Vec<(&Entrant, usize)>>, Fault> {
        let mut lengths = Vec::new();
        for query in MEASURED {
            let mut got = Vec::new();
            for entrant in self.entrants.iter().filter(|entrant| entrant.takes_part_in(&query)) {
                got.push((entrant, entrant.child.ask(&query).await?));
            }
            let named: Vec<_> = got.iter().map(|(entrant, answer)| (entrant.child.name, answer)).collect();
            answers::agree(&query, &named)?;
            lengths.push(got.iter().map(|(entrant, answer)| (*entrant, answer.len())).collect());
        }
        eprintln!("answers compared: {} servers agree on {} operations", self.entrants.len(), lengths.len());
        Ok(lengths)
    }

    /// Warms up, then measures until the last answer is in.
    async fn take(&self, turn: &Turn<'_>) -> Result<Taken, Fault> {
        let Turn { entrant, query, connections, length, warm_up } = *turn;
        let (server, mock) = (&entrant.child, entrant.mock(&self.mocks));
        let load = Load { to: server.addr, body: query.body(), length, connections };
        let measured = async {
            load.run(warm_up).await?;
            mock.tell("POST", "/__calls").await?;
            let before = server.cpu()?;
            let sample = load.run(self.slice).await?;
            let cpu = server.cpu()?.saturating_sub(before);
            Ok::<_, Fault>(Taken { sample, cpu, calls: mock.calls().await? })
        };
        let limit = warm_up + self.slice + PATIENCE;
        tokio::time::timeout(limit, measured).await.map_err(|_| "no answer in time")?
    }

    /// The first turn also fills pools and caches, and lets compilers and the allocator settle.
    fn warm_up(&self, entrant: &Entrant, round: u32) -> Duration {
        Duration::from_millis(if round == 0 { entrant.warms_up_ms } else { 100 }).min(self.slice * 2)
    }

    fn round_takes(&self, round: u32) -> Duration {
        let turns = MEASURED.iter().flat_map(|query| {
            let taking_part = self.entrants.iter().filter(|entrant| entrant.takes_part_in(query));
            taking_part
                .map(|entrant| (self.warm_up(entrant, round) + self.slice) * query.connections.len() as u32)
        });
        turns.sum()
    }
}
