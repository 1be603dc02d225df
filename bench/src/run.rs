//! The driver: seats the processes, compares their answers, measures them in turns, prints the table and the goals.

mod answers;
mod child;
mod load;
mod report;
mod table;

use crate::{
    queries::{self, Query},
    seat,
};
use child::Child;
use load::{Load, Sample};
use report::Report;
use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};

type Fault = Box<dyn Error + Send + Sync>;

#[derive(clap::Args)]
pub struct Args {
    /// Seconds measured for each server, operation and number of connections, over all rounds.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How often the servers take turns.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// The core of the servers, then that of the REST service and the load.
    #[arg(long, default_value = "0,1", value_parser = cores)]
    cores: [usize; 2],
    /// Also write every figure to this file, as JSON ("-" for standard output, instead of the table).
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The servers compared, in the order of the table; each is a subcommand of this binary.
pub const SERVERS: [&str; 3] = ["ours", "plain", "ceiling"];

/// Alone and busy: latency shows at one connection, throughput at the other.
pub const CONNECTIONS: [usize; 2] = [1, 64];

/// Every turn is given this much longer than it should take; a server that stops answering must not stop the bench.
const PATIENCE: Duration = Duration::from_secs(10);

/// Exits 0 when every goal holds, 1 when one does not, 2 when nothing could be measured.
pub fn main(args: Args) -> ExitCode {
    let json = args.json.clone();
    let told = measured(args).and_then(|report| Ok((report.tell(json.as_deref())?, report)));
    match told {
        Ok(((), report)) if report.goals().iter().all(|goal| goal.holds) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::from(2)
        }
    }
}

fn measured(args: Args) -> Result<Report, Fault> {
    if cfg!(debug_assertions) {
        return Err("this is an unoptimised build; `make bench` builds and runs the right one".into());
    }
    let [server_core, load_core] = args.cores;
    if !(args.seconds.is_finite() && args.seconds > 0.0) {
        return Err("--seconds must be more than 0".into());
    }
    warn_if_busy();
    seat::pin(load_core)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mock = Child::start("mock", load_core, None).await?;
        let mut servers = Vec::new();
        for name in SERVERS {
            servers.push(Child::start(name, server_core, Some(&mock.url())).await?);
        }
        let bench =
            Bench { mock, servers, slice: Duration::from_secs_f64(args.seconds / f64::from(args.rounds)) };
        bench.whole(args.rounds).await
    })
}

/// Other work on the two cores shows in every figure, and ratios only forgive some of it.
fn warn_if_busy() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last_minute = load.split(' ').next().and_then(|load| load.parse::<f64>().ok());
    if let Some(load) = last_minute.filter(|load| *load > 1.0) {
        eprintln!("this machine is busy (load average {load}): the figures will be rough");
    }
}

fn cores(text: &str) -> Result<[usize; 2], String> {
    let cores: Option<Vec<usize>> = text.split(',').map(|core| core.trim().parse().ok()).collect();
    match cores.as_deref() {
        Some(&[server, load]) if server != load => Ok([server, load]),
        Some([_, _]) => Err("the server's core must not be the load's".into()),
        _ => Err("two cores are needed, such as 0,1".into()),
    }
}

/// One server's turn at one operation.
struct Turn<'a> {
    server: &'a Child,
    query: &'a Query,
    connections: usize,
    round: u32,
}

impl std::fmt::Display for Turn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Turn { server, query, connections, .. } = self;
        write!(f, "{} on {} at {connections} connections", server.name, query.name)
    }
}

/// What a turn gave.
struct Taken {
    sample: Sample,
    /// CPU time the server used.
    cpu: Duration,
    /// Upstream calls it made.
    calls: u64,
}

struct Bench {
    mock: Child,
    servers: Vec<Child>,
    /// What a server gets per turn.
    slice: Duration,
}

impl Bench {
    async fn whole(&self, rounds: u32) -> Result<Report, Fault> {
        let lengths = self.compared().await?;
        let mut report = Report::of(&self.servers);
        for round in 0..rounds {
            eprintln!("round {} of {rounds}: {}", round + 1, table::about(self.round_takes(round)));
            for (query, lengths) in queries::ALL.iter().zip(&lengths) {
                self.mock.tell("POST", &format!("/__latency?ms={}", query.latency_ms)).await?;
                for connections in CONNECTIONS {
                    // Nobody is always first: what the machine does meanwhile hits each of them.
                    for turn in 0..self.servers.len() {
                        let server = (turn + round as usize) % self.servers.len();
                        let turn = Turn { server: &self.servers[server], query, connections, round };
                        let taken =
                            self.take(&turn, lengths[server]).await.map_err(|e| format!("{turn}: {e}"))?;
                        if let Some(cell) = report.cell(server, query.name, connections) {
                            cell.add(taken);
                        }
                    }
                }
            }
        }
        for (server, child) in self.servers.iter().enumerate() {
            report.peak_rss(server, child.peak_rss_bytes()?);
        }
        Ok(report)
    }

    /// Checks that all servers answer alike; gives the length of each one's answer to each query, in bytes.
    async fn compared(&self) -> Result<Vec<Vec<usize>>, Fault> {
        let mut lengths = Vec::new();
        for query in queries::ALL {
            let mut got = Vec::new();
            for server in &self.servers {
                got.push((server.name, server.ask(&query).await?));
            }
            answers::agree(&query, &got)?;
            lengths.push(got.iter().map(|(_, answer)| answer.len()).collect());
        }
        eprintln!("answers compared: {} agree on {} operations", SERVERS.join(", "), lengths.len());
        Ok(lengths)
    }

    /// Warms up, then measures until the last answer is in.
    async fn take(&self, turn: &Turn<'_>, length: usize) -> Result<Taken, Fault> {
        let Turn { server, query, connections, round } = *turn;
        let load = Load { to: server.addr, body: query.body(), length, connections };
        let measured = async {
            load.run(self.warm_up(round)).await?;
            self.mock.tell("POST", "/__calls").await?;
            let before = server.cpu()?;
            let sample = load.run(self.slice).await?;
            let cpu = server.cpu()?.saturating_sub(before);
            Ok::<_, Fault>(Taken { sample, cpu, calls: self.mock.calls().await? })
        };
        let limit = self.warm_up(round) + self.slice + PATIENCE;
        tokio::time::timeout(limit, measured).await.map_err(|_| "no answer in time")?
    }

    /// The first turn also fills pools and caches, and lets the allocator settle.
    fn warm_up(&self, round: u32) -> Duration {
        Duration::from_millis(if round == 0 { 500 } else { 100 })
    }

    fn round_takes(&self, round: u32) -> Duration {
        let turns = self.servers.len() * queries::ALL.len() * CONNECTIONS.len();
        (self.warm_up(round) + self.slice) * turns as u32
    }
}
