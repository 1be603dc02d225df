//! The report as a table for a terminal.

use super::{
    goals::{Goal, Verdict},
    report::Report,
};
use crate::queries::{MEASURED, Query};
use std::{
    fmt::{self, Display},
    time::Duration,
};

/// How wide the first column is.
const NAME: usize = 19;

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", machine())?;
        if cfg!(debug_assertions) {
            writeln!(f, "UNOPTIMISED BUILD: these figures say nothing\n")?;
        } else {
            let ours = "release build, mimalloc, panic = unwind; one core for the server, in turns";
            writeln!(f, "{ours}; Node's servers with NODE_ENV=production\n")?;
        }
        for query in MEASURED {
            self.operation(f, &query)?;
        }
        write!(f, "resident after Q1:")?;
        for memory in &self.memory {
            write!(f, "  {} {:.1} MiB", memory.server, memory.rss_bytes_on_q1 as f64 / 1024.0 / 1024.0)?;
        }
        writeln!(f, "\n")?;
        for Goal { goal, measured, verdict } in self.goals() {
            let verdict = match verdict {
                Verdict::Ok => "ok",
                Verdict::Missed => "MISSED",
                Verdict::LeftOut => "–",
            };
            writeln!(f, "{verdict:<8} {goal}: {measured}")?;
        }
        Ok(())
    }
}

impl Report {
    fn operation(&self, f: &mut fmt::Formatter<'_>, query: &Query) -> fmt::Result {
        let servers = self.servers(query.name);
        if servers.is_empty() {
            return Ok(());
        }
        writeln!(f, "{}: {}   {}", query.name, query.about, query.document)?;
        write!(f, "{:NAME$}", "")?;
        for connections in query.connections {
            write!(f, "  | {:<48}", at(*connections))?;
        }
        write!(f, "\n{:NAME$}", "")?;
        for _ in query.connections {
            let [rate, p50, p99, cpu, calls] = ["req/s", "p50 ms", "p99 ms", "CPU µs/req", "calls/req"];
            write!(f, "  | {rate:>9} {p50:>8} {p99:>8} {cpu:>10} {calls:>9}")?;
        }
        writeln!(f)?;
        for server in &servers {
            self.row(f, query, server)?;
        }
        if let Some((first, others)) = servers.split_first() {
            for other in others {
                self.ratios(f, query, first, other)?;
            }
        }
        writeln!(f)
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, query: &Query, server: &str) -> fmt::Result {
        write!(f, "{server:NAME$}")?;
        for connections in query.connections {
            if let Some((_, at)) = self.found(server, query.name, *connections) {
                write!(f, "  | {:>9.0} {:>8.3} {:>8.3}", at.requests_per_second, at.p50_ms, at.p99_ms)?;
                write!(f, " {:>10.1} {:>9.2}", at.cpu_us_per_request, at.upstream_calls_per_request)?;
            }
        }
        writeln!(f)
    }

    /// Each figure of one server divided by the other's.
    fn ratios(&self, f: &mut fmt::Formatter<'_>, query: &Query, one: &str, other: &str) -> fmt::Result {
        write!(f, "{:NAME$}", format!("{one}/{other}"))?;
        for connections in query.connections {
            if let (Some((_, a)), Some((_, b))) =
                (self.found(one, query.name, *connections), self.found(other, query.name, *connections))
            {
                let [rate, p50, p99, cpu, calls] = [
                    a.requests_per_second / b.requests_per_second,
                    a.p50_ms / b.p50_ms,
                    a.p99_ms / b.p99_ms,
                    a.cpu_us_per_request / b.cpu_us_per_request,
                    a.upstream_calls_per_request / b.upstream_calls_per_request,
                ]
                .map(times);
                write!(f, "  | {rate:>9} {p50:>8} {p99:>8} {cpu:>10} {calls:>9}")?;
            }
        }
        writeln!(f)
    }
}

fn times(ratio: f64) -> String {
    if ratio.is_finite() { format!("×{ratio:.2}") } else { "–".into() }
}

pub fn at(connections: usize) -> String {
    format!("{connections} connection{}", if connections == 1 { "" } else { "s" })
}

pub fn about(time: Duration) -> String {
    format!("about {:.0} s", time.as_secs_f64().ceil())
}

/// Processor and system, as the table's heading: figures of different machines do not compare.
pub fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unnamed processor", |(_, name)| name);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{model}, Linux {}", kernel.trim())
}
