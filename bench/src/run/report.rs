//! What was measured, in figures and as JSON.

use super::{Fault, Taken, goals::Goal, table::machine};
use serde::Serialize;
use std::{
    io::{Write, stdout},
    path::Path,
    time::Duration,
};

/// One server, one operation, one number of connections, over all rounds.
pub struct Cell {
    server: &'static str,
    query: &'static str,
    connections: usize,
    latencies: Vec<Duration>,
    elapsed: Duration,
    cpu: Duration,
    pub calls: u64,
}

#[derive(Default)]
pub struct Report {
    cells: Vec<Cell>,
    pub memory: Vec<Memory>,
}

/// What a server held after a turn at Q1, at most.
#[derive(Serialize)]
pub struct Memory {
    pub server: &'static str,
    pub rss_bytes_on_q1: u64,
}

/// A cell in the units of the table.
#[derive(Serialize, Clone, Copy)]
pub struct Figures {
    pub requests: u64,
    pub requests_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// The server's CPU time: unlike the rate, the load's limits do not blur it.
    pub cpu_us_per_request: f64,
    pub upstream_calls_per_request: f64,
}

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
    /// The cell of a server, an operation and a number of connections; an empty one if there was none.
    pub fn cell(&mut self, server: &'static str, query: &'static str, connections: usize) -> &mut Cell {
        let place = self
            .cells
            .iter()
            .position(|c| (c.server, c.query, c.connections) == (server, query, connections))
            .unwrap_or_else(|| {
                self.cells.push(Cell {
                    server,
                    query,
                    connections,
                    latencies: Vec::new(),
                    elapsed: Duration::ZERO,
                    cpu: Duration::ZERO,
                    calls: 0,
                });
                self.cells.len() - 1
            });
        &mut self.cells[place]
    }

    /// Keeps the most that a server held after a turn at Q1.
    pub fn rss_on_q1(&mut self, server: &'static str, bytes: u64) {
        match self.memory.iter_mut().find(|memory| memory.server == server) {
            Some(memory) => memory.rss_bytes_on_q1 = memory.rss_bytes_on_q1.max(bytes),
            None => self.memory.push(Memory { server, rss_bytes_on_q1: bytes }),
        }
    }

    pub fn found(&self, server: &str, query: &str, connections: usize) -> Option<(&Cell, Figures)> {
        let cell =
            self.cells.iter().find(|c| (c.server, c.query, c.connections) == (server, query, connections))?;
        Some((cell, cell.figures()))
    }

    /// Who took part in an operation, in the order of the table.
    pub fn servers(&self, query: &str) -> Vec<&'static str> {
        let mut servers = Vec::new();
        for cell in self.cells.iter().filter(|cell| cell.query == query) {
            if !servers.contains(&cell.server) {
                servers.push(cell.server);
            }
        }
        servers
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
        #[derive(Serialize)]
        struct Row {
            server: &'static str,
            query: &'static str,
            connections: usize,
            #[serde(flatten)]
            figures: Figures,
        }
        let cells = self.cells.iter().map(|cell| Row {
            server: cell.server,
            query: cell.query,
            connections: cell.connections,
            figures: cell.figures(),
        });
        let goals: Vec<Goal> = self.goals();
        serde_json::json!({
            "machine": machine(),
            "cells": cells.collect::<Vec<_>>(),
            "memory": self.memory,
            "goals": goals,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let sorted: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 0.50), Duration::from_millis(50));
        assert_eq!(quantile(&sorted, 0.99), Duration::from_millis(99));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }
}
