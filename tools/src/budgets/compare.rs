//! Whether an operation keeps within its budget, and if not, which edge it is.

use serde::Deserialize;

/// What an operation may cost: a line of `budgets.toml`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    /// Upstream calls, whenever upstreams answer.
    pub(super) calls: u32,
    /// Calls that have to wait for each other.
    pub(super) waves: u32,
}

impl Budget {
    /// The smallest in which these costs have room.
    pub(super) fn that_fits(few: &Cost, many: &Cost) -> Self {
        Self { calls: few.calls().max(many.calls()), waves: few.waves().max(many.waves()) }
    }

    /// In which both have room.
    pub(super) fn with(self, other: Self) -> Self {
        Self { calls: self.calls.max(other.calls), waves: self.waves.max(other.waves) }
    }
}

/// What an operation cost: `extensions.fanout` of its answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(super) struct Cost {
    pub(super) edges: Vec<Edge>,
    #[serde(skip)]
    pub(super) trace_id: String,
    /// The requests that the services themselves counted for it.
    #[serde(skip)]
    pub(super) served: u32,
}

/// What one edge asked of one question, in one wave.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Edge {
    pub(super) edge: String,
    pub(super) question: String,
    pub(super) upstream: String,
    pub(super) wave: u32,
    #[serde(rename = "asked")]
    pub(super) keys: u32,
    #[serde(rename = "callsAtWorst")]
    pub(super) calls: u32,
    /// What was really sent.
    #[serde(rename = "calls", default)]
    pub(super) sent: u32,
}

impl Cost {
    pub(super) fn calls(&self) -> u32 {
        self.edges.iter().map(|edge| edge.calls).sum()
    }

    pub(super) fn waves(&self) -> u32 {
        self.edges.iter().filter(|edge| edge.calls > 0).map(|edge| edge.wave).max().unwrap_or(0)
    }

    /// What was really sent. (Of all edges together: those that meet are counted for whichever came first.)
    fn sent(&self) -> u32 {
        self.edges.iter().map(|edge| edge.sent).sum()
    }

    /// Whether more calls were really sent than the account says there ever would be: the engine's own fault.
    fn beyond_worst(&self) -> Option<String> {
        let sent = self.sent();
        (sent > self.calls()).then(|| format!("{} sent, {} at worst", times(sent), times(self.calls())))
    }

    /// Whether the services were asked as often as the account says.
    fn miscounted(&self) -> Option<String> {
        let (sent, served) = (self.sent(), self.served);
        (sent != served)
            .then(|| format!("the services were asked {served} times; the account has {}", times(sent)))
    }

    fn of(&self, other: &Edge) -> Option<&Edge> {
        self.edges.iter().find(|edge| {
            (&edge.edge, &edge.question, edge.wave) == (&other.edge, &other.question, other.wave)
        })
    }
}

/// What is said of an operation.
pub(super) struct Verdict {
    /// `calls 5 ≤ 6  waves 2 ≤ 2  ok`
    pub(super) line: String,
    pub(super) fine: bool,
    /// The edges that are the reason, if it is not.
    pub(super) problems: Vec<String>,
}

pub(super) fn judge(budget: Option<&Budget>, few: &Cost, many: &Cost) -> Verdict {
    let Budget { calls, waves } = Budget::that_fits(few, many);
    let mut problems = grown(few, many);
    let mut words = Vec::new();
    if !problems.is_empty() {
        words.push("grows with rows");
    }
    let beyond: Vec<_> = [few, many].into_iter().filter_map(Cost::beyond_worst).collect();
    if !beyond.is_empty() {
        words.push("sends more than it may at worst");
        problems.extend(beyond);
    }
    let miscounted: Vec<_> = [few, many].into_iter().filter_map(Cost::miscounted).collect();
    if !miscounted.is_empty() {
        words.push("is not asked as told");
        problems.extend(miscounted);
    }
    let Some(budget) = budget else {
        words.push("has no budget: `bff budgets --write` adds one");
        let line = format!("calls {calls}  waves {waves}  {}", words.join(", "));
        return Verdict { line, fine: false, problems };
    };
    let over = calls > budget.calls || waves > budget.waves;
    if over {
        words.push("over budget");
        if problems.is_empty() {
            problems = suspects(if few.calls() > many.calls() { few } else { many }, budget);
        }
    }
    let sign = |cost, budget| if cost <= budget { '≤' } else { '>' };
    let fine = words.is_empty();
    let words = if fine { "ok".to_owned() } else { words.join(", ") };
    let line = format!(
        "calls {calls} {} {}  waves {waves} {} {}  {words}",
        sign(calls, budget.calls),
        budget.calls,
        sign(waves, budget.waves),
        budget.waves
    );
    Verdict { line, fine, problems }
}

/// Edges that call more often because there are more rows. One that had no rows before may come to its first call.
fn grown(few: &Cost, many: &Cost) -> Vec<String> {
    let grown = many.edges.iter().filter_map(|edge| {
        let before = few.of(edge).map_or(0, |edge| edge.calls);
        (edge.calls > before.max(1)).then(|| {
            let keys = few.of(edge).map_or(0, |edge| edge.keys);
            format!(
                "{}: {}, where {} took {}",
                asks(edge),
                times(edge.calls),
                counted(keys, "key"),
                times(before)
            )
        })
    });
    grown.collect()
}

/// Over budget and not for more rows: those that call once for each key, else those of too deep a wave, else all.
fn suspects(cost: &Cost, budget: &Budget) -> Vec<String> {
    let said = |edge: &&Edge| format!("{}: {}", asks(edge), times(edge.calls));
    let one_by_one = cost.edges.iter().filter(|edge| edge.calls > 1 && edge.calls == edge.keys);
    let too_deep = cost.edges.iter().filter(|edge| edge.calls > 0 && edge.wave > budget.waves);
    let mut found: Vec<&Edge> = one_by_one.chain(too_deep).collect();
    if found.is_empty() {
        found = cost.edges.iter().filter(|edge| edge.calls > 0).collect();
    }
    found.iter().map(said).collect()
}

fn asks(edge: &Edge) -> String {
    let Edge { edge: name, question, upstream, wave, keys, .. } = edge;
    format!("{name} asks {question} of {upstream} for {} in wave {wave}", counted(*keys, "key"))
}

fn times(calls: u32) -> String {
    counted(calls, "call")
}

fn counted(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges by name, wave, keys and calls.
    fn cost(edges: &[(&str, u32, u32, u32)]) -> Cost {
        let edge = |&(edge, wave, keys, calls): &(&str, u32, u32, u32)| Edge {
            edge: edge.to_owned(),
            question: "ThingById".to_owned(),
            upstream: "shop".to_owned(),
            wave,
            keys,
            calls,
            sent: calls,
        };
        let edges: Vec<Edge> = edges.iter().map(edge).collect();
        let served = edges.iter().map(|edge| edge.sent).sum();
        Cost { edges, served, ..Cost::default() }
    }

    fn judged(budget: (u32, u32), few: &Cost, many: &Cost) -> (String, Vec<String>) {
        let verdict = judge(Some(&Budget { calls: budget.0, waves: budget.1 }), few, many);
        assert_eq!(verdict.fine, verdict.line.ends_with("  ok"), "{}", verdict.line);
        (verdict.line, verdict.problems)
    }

    #[test]
    fn within_budget_is_ok_and_so_is_room_to_spare() {
        let few = cost(&[
            ("screen.items", 1, 1, 1),
            ("screen.items.thing", 2, 3, 1),
            ("screen.items.same", 2, 3, 0),
        ]);
        let many = cost(&[("screen.items", 1, 1, 1), ("screen.items.thing", 2, 60, 1)]);
        assert_eq!(judged((2, 2), &few, &many), ("calls 2 ≤ 2  waves 2 ≤ 2  ok".to_owned(), vec![]));
        assert_eq!(judged((6, 3), &few, &many).0, "calls 2 ≤ 6  waves 2 ≤ 3  ok");
    }

    #[test]
    fn over_budget_names_the_edge_that_asks_key_by_key() {
        let both =
            cost(&[("screen.items", 1, 1, 1), ("screen.items.thing", 2, 5, 5), ("screen.other", 2, 5, 1)]);
        let (line, problems) = judged((3, 2), &both, &both);
        assert_eq!(line, "calls 7 > 3  waves 2 ≤ 2  over budget");
        assert_eq!(problems, ["screen.items.thing asks ThingById of shop for 5 keys in wave 2: 5 calls"]);
    }

    #[test]
    fn over_budget_in_waves_names_what_is_too_deep() {
        let both = cost(&[("a", 1, 1, 1), ("a.b", 2, 1, 1), ("a.b.c", 3, 1, 1)]);
        let (line, problems) = judged((3, 2), &both, &both);
        assert_eq!(line, "calls 3 ≤ 3  waves 3 > 2  over budget");
        assert_eq!(problems, ["a.b.c asks ThingById of shop for 1 key in wave 3: 1 call"]);
    }

    #[test]
    fn over_budget_without_a_suspect_names_all() {
        let both = cost(&[("a", 1, 1, 1), ("b", 1, 9, 1)]);
        assert_eq!(judged((1, 1), &both, &both).1.len(), 2);
    }

    #[test]
    fn growing_with_rows_fails_however_large_the_budget() {
        let few = cost(&[("screen.items", 1, 1, 1), ("screen.items.thing", 2, 3, 3)]);
        let many = cost(&[("screen.items", 1, 1, 1), ("screen.items.thing", 2, 60, 60)]);
        let (line, problems) = judged((1_000, 9), &few, &many);
        assert_eq!(line, "calls 61 ≤ 1000  waves 2 ≤ 9  grows with rows");
        assert_eq!(
            problems,
            [
                "screen.items.thing asks ThingById of shop for 60 keys in wave 2: 60 calls, where 3 keys took 3 calls"
            ]
        );
        let (line, _) = judged((4, 2), &few, &many);
        assert_eq!(line, "calls 61 > 4  waves 2 ≤ 2  grows with rows, over budget");
    }

    #[test]
    fn the_first_rows_may_cost_the_first_call_but_not_one_each() {
        let none = cost(&[("screen.items", 1, 1, 1)]);
        let some = cost(&[("screen.items", 1, 1, 1), ("screen.items.thing", 2, 60, 1)]);
        assert_eq!(judged((2, 2), &none, &some).0, "calls 2 ≤ 2  waves 2 ≤ 2  ok");
        let each = cost(&[("screen.items", 1, 1, 1), ("screen.items.thing", 2, 60, 60)]);
        assert!(judged((99, 2), &none, &each).0.ends_with("grows with rows"));
    }

    #[test]
    fn an_operation_without_a_budget_fails_and_says_how_to_get_one() {
        let both = cost(&[("a", 1, 1, 1)]);
        let Verdict { line, fine, .. } = judge(None, &both, &both);
        assert_eq!(
            (line.as_str(), fine),
            ("calls 1  waves 1  has no budget: `bff budgets --write` adds one", false)
        );
    }

    #[test]
    fn what_is_sent_beyond_the_worst_is_a_fault_even_within_budget() {
        let few = cost(&[("screen.items", 1, 1, 1)]);
        let mut many = few.clone();
        many.edges[0].sent = 2;
        many.served = 2;
        let (line, problems) = judged((9, 9), &few, &many);
        assert!(line.ends_with("sends more than it may at worst"), "{line}");
        assert_eq!(problems, ["2 calls sent, 1 call at worst"]);
    }

    #[test]
    fn what_the_services_count_is_held_against_the_account() {
        let few = cost(&[("screen.items", 1, 1, 1)]);
        let many = Cost { served: 3, ..few.clone() };
        let (line, problems) = judged((9, 9), &few, &many);
        assert!(line.ends_with("is not asked as told"), "{line}");
        assert_eq!(problems, ["the services were asked 3 times; the account has 1 call"]);
    }
}
