//! The report as a table for a terminal.

use super::{
    CONNECTIONS,
    report::{Goal, Report},
};
use crate::queries;
use std::{
    fmt::{self, Display},
    time::Duration,
};

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", machine())?;
        writeln!(f, "release build, fat LTO, mimalloc, panic = unwind; one core for the server, in turns\n")?;
        for query in queries::ALL {
            writeln!(f, "{}: {}   {}", query.name, query.about, query.document)?;
            write!(f, "{:14}", "")?;
            for connections in CONNECTIONS {
                write!(f, "  | {:<48}", at(connections))?;
            }
            write!(f, "\n{:14}", "")?;
            for _ in CONNECTIONS {
                write!(
                    f,
                    "  | {:>9} {:>8} {:>8} {:>10} {:>9}",
                    "req/s", "p50 ms", "p99 ms", "CPU µs/req", "calls/req"
                )?;
            }
            writeln!(f)?;
            for server in &self.servers {
                self.row(f, query.name, server.name)?;
            }
            if let Some((first, others)) = self.servers.split_first() {
                for other in others {
                    self.ratios(f, query.name, first.name, other.name)?;
                }
            }
            writeln!(f)?;
        }
        write!(f, "peak memory:")?;
        for server in &self.servers {
            write!(f, "  {} {:.1} MiB", server.name, server.peak_rss_bytes as f64 / 1024.0 / 1024.0)?;
        }
        writeln!(f, "\n")?;
        for Goal { goal, measured, holds } in self.goals() {
            writeln!(f, "{}  {goal}: {measured}", if holds { "PASS" } else { "FAIL" })?;
        }
        Ok(())
    }
}

impl Report {
    fn row(&self, f: &mut fmt::Formatter<'_>, query: &str, server: &str) -> fmt::Result {
        write!(f, "{server:14}")?;
        for connections in CONNECTIONS {
            if let Some((_, at)) = self.found(server, query, connections) {
                write!(f, "  | {:>9.0} {:>8.3} {:>8.3}", at.requests_per_second, at.p50_ms, at.p99_ms)?;
                write!(f, " {:>10.1} {:>9.2}", at.cpu_us_per_request, at.upstream_calls_per_request)?;
            }
        }
        writeln!(f)
    }

    /// Each figure of one server divided by the other's.
    fn ratios(&self, f: &mut fmt::Formatter<'_>, query: &str, one: &str, other: &str) -> fmt::Result {
        write!(f, "{:14}", format!("{one}/{other}"))?;
        for connections in CONNECTIONS {
            if let (Some((_, a)), Some((_, b))) =
                (self.found(one, query, connections), self.found(other, query, connections))
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
