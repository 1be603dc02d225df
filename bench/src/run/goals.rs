//! What the project asks of our server, and whether it holds in this run.

use super::{
    entrants::{APOLLO, CEILING, OURS, OURS_KEEPING, OURS_SHARING, PLAIN, STATIC},
    report::{Figures, Report},
};
use crate::queries::{LEVELS_MORE, MORE_LEVELS, ONE_LEVEL, Q1, Q2, Q3, Q4, Q4_UNPINNED, Query};
use serde::Serialize;

/// Something that must hold on this machine.
#[derive(Serialize)]
pub struct Goal {
    pub goal: String,
    pub measured: String,
    pub verdict: Verdict,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Missed,
    /// Somebody it compares did not take part.
    LeftOut,
}

impl Goal {
    /// A goal about figures that are there or not: `holds` of each of them.
    fn of(
        goal: impl Into<String>,
        figures: Option<Vec<f64>>,
        decimals: usize,
        holds: impl Fn(f64) -> bool,
    ) -> Self {
        let goal = goal.into();
        let Some(figures) = figures else {
            return Self { goal, measured: "not measured".into(), verdict: Verdict::LeftOut };
        };
        let measured: Vec<String> = figures.iter().map(|figure| format!("{figure:.decimals$}")).collect();
        let verdict = if figures.into_iter().all(holds) { Verdict::Ok } else { Verdict::Missed };
        Self { goal, measured: measured.join(", "), verdict }
    }

    pub fn missed(&self) -> bool {
        self.verdict == Verdict::Missed
    }
}

/// The busy and the lonely number of connections.
const BUSY: usize = 64;
const ALONE: usize = 1;

impl Report {
    /// Every goal, in the order of the operations.
    pub fn goals(&self) -> Vec<Goal> {
        let cpu = |figures: Figures| figures.cpu_us_per_request;
        let p50 = |figures: Figures| figures.p50_ms;
        // How many requests the one serves on the CPU time on which the other serves one.
        let throughput =
            |one, other, query: Query| self.ratio(other, one, &query, BUSY, cpu).map(|r| vec![r]);
        let at_least = |least: f64| move |ratio: f64| ratio >= least;
        let at_most = |most: f64| move |ratio: f64| ratio <= most;

        let mut goals = Vec::new();
        for (query, other, least) in
            [(Q1, CEILING, 0.85), (Q1, PLAIN, 8.0), (Q1, APOLLO, 30.0), (Q2, PLAIN, 2.0), (Q3, PLAIN, 1.5)]
        {
            goals.push(Goal::of(
                format!("{}: at least {least} × the requests of {other} per second of CPU", query.name),
                throughput(OURS, other, query),
                2,
                at_least(least),
            ));
        }
        goals.push(Goal::of(
            "Q1: p50 at 1 connection at most 1.2 × the ceiling's",
            self.ratio(OURS, CEILING, &Q1, ALONE, p50).map(|ratio| vec![ratio]),
            2,
            at_most(1.2),
        ));
        goals.push(Goal::of(
            "Q1: exactly 2 upstream calls, at 1 and 64 connections",
            self.calls(&[(Q1, ALONE), (Q1, BUSY)]),
            4,
            |calls| calls == Q1.calls as f64,
        ));

        let everywhere = [(Q4, ALONE), (Q4, BUSY), (Q4_UNPINNED, ALONE), (Q4_UNPINNED, BUSY)];
        let each = |figure: fn(Figures) -> f64| {
            everywhere
                .iter()
                .map(|(query, connections)| self.ratio(OURS, CEILING, query, *connections, figure))
                .collect::<Option<Vec<f64>>>()
        };
        let places = "at 1 and 64 connections, pinned and not";
        goals.push(Goal::of(
            format!("Q4: CPU at most 1.15 × the ceiling's, {places}"),
            each(cpu),
            2,
            at_most(1.15),
        ));
        goals.push(Goal::of(
            format!("Q4: p50 at most 1.1 × the ceiling's, {places}"),
            each(p50),
            2,
            at_most(1.1),
        ));
        goals.push(Goal::of(
            format!("Q4: exactly 4 upstream calls, {places}"),
            self.calls(&everywhere),
            4,
            |calls| calls == Q4.calls as f64,
        ));

        goals.push(Goal::of(
            "Q1 identical and shared in flight: at least 50 × the requests of plain per second of CPU",
            throughput(OURS_SHARING, PLAIN, Q1),
            1,
            at_least(50.0),
        ));
        goals.push(Goal::of(
            "Q1 fresh and kept: at least 0.6 × the requests of static per second of CPU",
            throughput(OURS_KEEPING, STATIC, Q1),
            2,
            at_least(0.6),
        ));
        let memory = self.memory.iter().find(|memory| memory.server == OURS);
        goals.push(Goal::of(
            "Q1: at most 30 MiB resident",
            memory.map(|memory| vec![memory.rss_bytes_on_q1 as f64 / 1024.0 / 1024.0]),
            1,
            at_most(30.0),
        ));
        goals.push(Goal::of(
            "one more level that asks nothing new: less than 0.1 ms of p50, and of CPU",
            self.level(p50).zip(self.level(|figures| cpu(figures) / 1e3)).map(|(p50, cpu)| vec![p50, cpu]),
            4,
            |ms| ms < 0.1,
        ));
        goals
    }

    /// A figure of one server divided by the other's; none if either is missing or nothing was counted.
    fn ratio(
        &self,
        one: &str,
        other: &str,
        query: &Query,
        connections: usize,
        figure: impl Fn(Figures) -> f64,
    ) -> Option<f64> {
        let of = |server| Some(figure(self.found(server, query.name, connections)?.1));
        Some(of(one)? / of(other)?).filter(|ratio| ratio.is_finite())
    }

    /// Our upstream calls per request; exact, because every request begun is finished.
    fn calls(&self, cells: &[(Query, usize)]) -> Option<Vec<f64>> {
        let calls = |(query, connections): &(Query, usize)| {
            self.found(OURS, query.name, *connections).map(|(_, figures)| figures.upstream_calls_per_request)
        };
        cells.iter().map(calls).collect()
    }

    /// What a level more costs.
    fn level(&self, figure: impl Fn(Figures) -> f64) -> Option<f64> {
        let of = |query: Query| Some(figure(self.found(OURS, query.name, ALONE)?.1));
        Some((of(MORE_LEVELS)? - of(ONE_LEVEL)?) / LEVELS_MORE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        load::Sample,
        queries::MEASURED,
        run::{Taken, table},
    };
    use std::time::Duration;

    /// What each server needs per request, in µs of CPU and of latency.
    const AT_THE_BOUNDS: [(&str, u64, u64); 7] = [
        (OURS, 1_000, 1_100),
        (PLAIN, 8_000, 9_000),
        (CEILING, 870, 1_000),
        (APOLLO, 30_000, 40_000),
        (OURS_SHARING, 160, 100),
        (OURS_KEEPING, 500, 100),
        (STATIC, 300, 100),
    ];

    fn report(servers: &[(&'static str, u64, u64)], calls_off_by: u64, rss_mib: u64) -> Report {
        let mut report = Report::default();
        for query in MEASURED {
            for connections in query.connections {
                for (server, cpu_us, p50_us) in servers {
                    let latencies = vec![Duration::from_micros(*p50_us); 10];
                    let sample = Sample { latencies, elapsed: Duration::from_millis(1) };
                    let cpu = Duration::from_micros(cpu_us * 10);
                    let calls = 10 * query.calls + calls_off_by;
                    report.cell(server, query.name, *connections).add(Taken { sample, cpu, calls });
                }
            }
        }
        report.rss_on_q1(OURS, rss_mib << 20);
        report
    }

    fn missed(report: &Report) -> Vec<String> {
        let missed = report.goals().into_iter().filter(Goal::missed);
        missed.map(|Goal { goal, measured, .. }| format!("{goal}: {measured}")).collect()
    }

    #[test]
    fn the_goals_hold_at_their_bounds_and_not_beyond() {
        assert_eq!(missed(&report(&AT_THE_BOUNDS, 0, 30)), Vec::<String>::new());
        let mut slower = AT_THE_BOUNDS;
        slower[0] = (OURS, 6_000, 1_210);
        slower[4].1 = 161;
        slower[5].1 = 501;
        let missed = missed(&report(&slower, 1, 31));
        assert_eq!(missed.len(), 13, "{missed:#?}");
        assert!(missed.contains(
            &"Q4: exactly 4 upstream calls, at 1 and 64 connections, pinned and not: 4.1000, 4.1000, 4.1000, 4.1000"
                .to_owned()
        ));
    }

    #[test]
    fn a_level_costs_what_the_deeper_operation_costs_more() {
        let mut report = report(&AT_THE_BOUNDS, 0, 30);
        let sample = Sample { latencies: vec![Duration::from_micros(3_300); 30], elapsed: Duration::ZERO };
        // Of forty requests, thirty took 3.3 ms instead of 1.1 ms.
        report.cell(OURS, MORE_LEVELS.name, ALONE).add(Taken { sample, cpu: Duration::ZERO, calls: 0 });
        let goal = report.goals().pop().unwrap();
        assert_eq!((goal.measured.as_str(), goal.verdict), ("0.1100, -0.0375", Verdict::Missed));
    }

    #[test]
    fn what_was_not_measured_is_neither_held_nor_missed() {
        let report = report(&AT_THE_BOUNDS[..3], 0, 30);
        assert_eq!(missed(&report), Vec::<String>::new());
        let left_out = report.goals().iter().filter(|goal| goal.verdict == Verdict::LeftOut).count();
        assert_eq!(left_out, 3);
    }

    #[test]
    fn the_table_has_a_row_per_server_and_a_ratio_per_other_server() {
        let table = report(&AT_THE_BOUNDS, 0, 30).to_string();
        for row in ["ours  ", "plain  ", "ceiling  ", "ours/plain  ", "ours/ceiling  "] {
            assert_eq!(table.matches(&format!("\n{row}")).count(), MEASURED.len(), "{row}:\n{table}");
        }
        assert!(table.contains("\nok       Q4: exactly 4 upstream calls"), "{table}");
        assert!(table.contains(&table::at(64)), "{table}");
    }
}
