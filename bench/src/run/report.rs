//! What was measured, in figures, as JSON, and against the goals.

use super::{
    CONNECTIONS, Fault, Taken,
    child::Child,
    table::{at, machine},
};
use crate::queries::{self, Q1, Q4};
use serde::Serialize;
use std::{
    io::{Write, stdout},
    path::Path,
    time::Duration,
};

/// One server, one operation, one number of connections, over all rounds.
pub struct Cell {
    server: usize,
    query: &'static str,
    connections: usize,
    latencies: Vec<Duration>,
    elapsed: Duration,
    cpu: Duration,
    calls: u64,
}

pub struct Report {
    pub servers: Vec<Server>,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
pub struct Server {
    pub name: &'static str,
    pub peak_rss_bytes: u64,
}

/// A cell in the units of the table.
#[derive(Serialize, Clone, Copy)]
pub struct Figures {
    requests: u64,
    pub requests_per_second: f64,
    /// What one core of the server's could do: its CPU time, not the load's, decides it.
    requests_per_cpu_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub cpu_us_per_request: f64,
    pub upstream_calls_per_request: f64,
}

/// Something that must hold on this machine.
#[derive(Serialize)]
pub struct Goal {
    pub goal: String,
    pub measured: String,
    pub holds: bool,
}

/// Our own server's name; the goals are about it.
const OURS: &str = "ours";

impl Cell {
    pub fn add(&mut self, taken: Taken) {
        let Taken { sample, cpu, calls } = taken;
        self.latencies.extend(sample.latencies);
        self.elapsed += sample.elapsed;
        self.cpu += cpu;
        self.calls += calls;
    }

    fn figures(&self) -> Figures {
        let requests = self.latencies.len() as f64;
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let ms = |part| quantile(&sorted, part).as_secs_f64() * 1e3;
        Figures {
            requests: self.latencies.len() as u64,
            requests_per_second: requests / self.elapsed.as_secs_f64(),
            requests_per_cpu_second: requests / self.cpu.as_secs_f64(),
            p50_ms: ms(0.50),
            p99_ms: ms(0.99),
            cpu_us_per_request: self.cpu.as_secs_f64() * 1e6 / requests,
            upstream_calls_per_request: self.calls as f64 / requests,
        }
    }
}

/// The smallest value that `part` of the sorted ones do not exceed (nearest rank).
fn quantile(sorted: &[Duration], part: f64) -> Duration {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

impl Report {
    pub fn of(servers: &[Child]) -> Self {
        Self::named(servers.iter().map(|server| server.name))
    }

    fn named(names: impl Iterator<Item = &'static str>) -> Self {
        let servers: Vec<_> = names.map(|name| Server { name, peak_rss_bytes: 0 }).collect();
        let cell = |server, query, connections| Cell {
            server,
            query,
            connections,
            latencies: Vec::new(),
            elapsed: Duration::ZERO,
            cpu: Duration::ZERO,
            calls: 0,
        };
        let mut cells = Vec::new();
        for query in queries::ALL {
            for connections in CONNECTIONS {
                cells.extend((0..servers.len()).map(|server| cell(server, query.name, connections)));
            }
        }
        Self { servers, cells }
    }

    /// The cell of a server (by its place), an operation and a number of connections; none for any not measured.
    pub fn cell(&mut self, server: usize, query: &str, connections: usize) -> Option<&mut Cell> {
        self.cells.iter_mut().find(|c| (c.server, c.query, c.connections) == (server, query, connections))
    }

    pub fn peak_rss(&mut self, server: usize, bytes: u64) {
        if let Some(server) = self.servers.get_mut(server) {
            server.peak_rss_bytes = bytes;
        }
    }

    pub fn found(&self, name: &str, query: &str, connections: usize) -> Option<(&Cell, Figures)> {
        let server = self.servers.iter().position(|server| server.name == name)?;
        let cell =
            self.cells.iter().find(|c| (c.server, c.query, c.connections) == (server, query, connections))?;
        Some((cell, cell.figures()))
    }

    /// What the project asks of our server; empty when it was not measured.
    pub fn goals(&self) -> Vec<Goal> {
        let of = |name, query: queries::Query, connections| self.found(name, query.name, connections);
        let mut goals = Vec::new();
        for (other, least) in [("plain", 6.0), ("ceiling", 0.75)] {
            if let (Some((_, ours)), Some((_, theirs))) = (of(OURS, Q1, 64), of(other, Q1, 64)) {
                let ratio = ours.requests_per_cpu_second / theirs.requests_per_cpu_second;
                goals.push(Goal {
                    goal: format!("Q1: at least {least} × the requests of {other} per second of CPU"),
                    measured: format!("{ratio:.2}"),
                    holds: ratio >= least,
                });
            }
        }
        for query in [Q1, Q4] {
            for connections in CONNECTIONS {
                if let Some((cell, ours)) = of(OURS, query, connections) {
                    goals.push(Goal {
                        goal: format!(
                            "{}: exactly {} upstream calls at {}",
                            query.name,
                            query.calls,
                            at(connections)
                        ),
                        measured: format!("{:.2}", ours.upstream_calls_per_request),
                        holds: ours.requests > 0 && cell.calls == query.calls * ours.requests,
                    });
                }
            }
        }
        if let (Some((_, ours)), Some((_, ceiling))) = (of(OURS, Q1, 1), of("ceiling", Q1, 1)) {
            let ratio = ours.p50_ms / ceiling.p50_ms;
            goals.push(Goal {
                goal: "Q1: p50 at 1 connection at most 1.3 × the ceiling's".into(),
                measured: format!("{ratio:.2}"),
                holds: ratio <= 1.3,
            });
        }
        goals
    }

    /// Prints the table, or writes the JSON, or both.
    pub fn tell(&self, json: Option<&Path>) -> Result<(), Fault> {
        let Some(path) = json else {
            write!(stdout(), "{self}")?;
            return Ok(());
        };
        let text = serde_json::to_string_pretty(&self.json())? + "\n";
        if path == Path::new("-") {
            write!(stdout(), "{text}")?;
        } else {
            write!(stdout(), "{self}")?;
            std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let cells = self.cells.iter().map(|cell| {
            let name = self.servers.get(cell.server).map(|server| server.name);
            let head =
                serde_json::json!({ "server": name, "query": cell.query, "connections": cell.connections });
            let mut row = serde_json::json!(cell.figures());
            if let (Some(row), serde_json::Value::Object(head)) = (row.as_object_mut(), head) {
                row.extend(head);
            }
            row
        });
        serde_json::json!({
            "machine": machine(),
            "servers": self.servers,
            "cells": cells.collect::<Vec<_>>(),
            "goals": self.goals(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::load::Sample, *};

    fn report(cpu_us: [u64; 3], p50_us: [u64; 3], calls_off_by: u64) -> Report {
        let mut report = Report::named(["ours", "plain", "ceiling"].into_iter());
        for query in queries::ALL {
            for connections in CONNECTIONS {
                for server in 0..3 {
                    let latencies = vec![Duration::from_micros(p50_us[server]); 10];
                    let sample = Sample { latencies, elapsed: Duration::from_millis(1) };
                    let calls = 10 * query.calls + calls_off_by;
                    let cell = report.cell(server, query.name, connections).unwrap();
                    cell.add(Taken { sample, cpu: Duration::from_micros(cpu_us[server] * 10), calls });
                }
            }
        }
        report
    }

    #[test]
    fn the_goals_hold_exactly_at_their_bounds() {
        assert!(report([100, 600, 75], [130, 900, 100], 0).goals().iter().all(|goal| goal.holds));
        let missed = report([101, 600, 75], [131, 900, 100], 1).goals();
        assert_eq!(missed.len(), 7);
        assert!(missed.iter().all(|goal| !goal.holds));
    }

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let sorted: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 0.50), Duration::from_millis(50));
        assert_eq!(quantile(&sorted, 0.99), Duration::from_millis(99));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }

    #[test]
    fn the_table_has_a_row_per_server_and_a_ratio_per_other_server() {
        let table = report([100, 600, 75], [130, 900, 100], 0).to_string();
        for row in ["ours  ", "plain  ", "ceiling  ", "ours/plain  ", "ours/ceiling  "] {
            assert_eq!(table.matches(&format!("\n{row}")).count(), queries::ALL.len(), "{row}:\n{table}");
        }
        assert!(table.contains("PASS  Q4: exactly 4 upstream calls at 64 connections: 4.00"), "{table}");
    }
}
