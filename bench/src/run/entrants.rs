//! Who is measured: each row of the table, where it sits, whom it asks, and in which operations it takes part.

use crate::{
    Fault,
    child::{Child, Seat},
    ours,
    queries::{ALL, MORE_LEVELS, ONE_LEVEL, Q1, Q4_UNPINNED, Query},
};
use std::{ffi::OsString, path::Path};

pub const OURS: &str = "ours";
pub const PLAIN: &str = "plain";
pub const CEILING: &str = "ceiling";
pub const APOLLO: &str = "apollo";
pub const MERCURIUS: &str = "mercurius";
pub const YOGA: &str = "yoga";
pub const STATIC: &str = "static";
pub const OURS_SHARING: &str = "ours, sharing";
pub const OURS_KEEPING: &str = "ours, keeping";

/// Unless said, nothing is shared between requests: no batch, no flight, no row, no answer.
const NOTHING_SHARED: &[&str] = &["sharing.batches_in_flight=0", "cache.rows_bytes=0"];

/// Identical public operations in flight are executed once.
const OPERATIONS_SHARED: &[&str] = &["sharing.operations=true"];

/// Answers of public operations are kept for as long as the rows behind them are fresh.
const ANSWERS_KEPT: &[&str] = &["sharing.operations=true", "sharing.answers_bytes=16777216"];

/// Node compiles what is hot while it runs: it gets time to.
const NODE_WARMS_UP_MS: u64 = 2_000;
const WARMS_UP_MS: u64 = 500;

/// The cores: the servers', and that of the REST service and the load.
#[derive(Clone, Copy)]
pub struct Cores {
    pub server: usize,
    pub load: usize,
}

/// Which REST service a server asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// On the load's core; its answers may not be kept.
    Pinned,
    /// On the load's core; its answers are fresh for as long as anybody measures.
    Fresh,
    /// On any core.
    Unpinned,
}

/// The REST services, running.
pub struct Mocks {
    pinned: Child,
    fresh: Child,
    unpinned: Child,
}

impl Mocks {
    pub async fn start(cores: Cores) -> Result<Self, Fault> {
        let both = [cores.server, cores.load];
        let mock = async |cores: &[usize], arguments: &[&str]| {
            let command = words(&["mock"], arguments);
            Child::start(Seat { name: "mock", command, cores, upstream: None }).await
        };
        Ok(Self {
            pinned: mock(&[cores.load], &[]).await?,
            fresh: mock(&[cores.load], &["--max-age", "86400"]).await?,
            unpinned: mock(&both, &[]).await?,
        })
    }

    fn of(&self, rest: Rest) -> &Child {
        match rest {
            Rest::Pinned => &self.pinned,
            Rest::Fresh => &self.fresh,
            Rest::Unpinned => &self.unpinned,
        }
    }

    /// Sets how long every answer waits.
    pub async fn latency(&self, ms: u64) -> Result<(), Fault> {
        for mock in [&self.pinned, &self.fresh, &self.unpinned] {
            mock.tell("POST", &format!("/__latency?ms={ms}")).await?;
        }
        Ok(())
    }
}

/// One row of the table, running.
pub struct Entrant {
    pub child: Child,
    rest: Rest,
    queries: Vec<Query>,
    /// Milliseconds it gets before its first turn is measured.
    pub warms_up_ms: u64,
}

impl Entrant {
    /// The REST service it asks.
    pub fn mock<'m>(&self, mocks: &'m Mocks) -> &'m Child {
        mocks.of(self.rest)
    }

    pub fn takes_part_in(&self, query: &Query) -> bool {
        self.queries.iter().any(|own| own.name == query.name)
    }
}

/// Starts everybody, in the order of the table; `peers` is the folder of those on Node.
pub async fn start(mocks: &Mocks, cores: Cores, peers: Option<&Path>) -> Result<Vec<Entrant>, Fault> {
    let (one, both) = ([cores.server], [cores.server, cores.load]);
    let mut entrants = Vec::new();
    let mut enter = async |name, command, cores: &[usize], rest, queries: &[Query], warms_up_ms| {
        let upstream = mocks.of(rest).url();
        let child = Child::start(Seat { name, command, cores, upstream: Some(&upstream) }).await?;
        entrants.push(Entrant { child, rest, queries: queries.to_vec(), warms_up_ms });
        Ok::<_, Fault>(())
    };
    let alone = ours(NOTHING_SHARED.iter().filter(|pair| known(&[pair]).is_ok()));
    let with_levels = [&ALL[..], &[ONE_LEVEL, MORE_LEVELS]].concat();
    enter(OURS, alone.clone(), &one, Rest::Pinned, &with_levels, WARMS_UP_MS).await?;
    enter(PLAIN, words(&["plain"], &[]), &one, Rest::Pinned, &ALL, WARMS_UP_MS).await?;
    enter(CEILING, words(&["ceiling"], &[]), &one, Rest::Pinned, &ALL, WARMS_UP_MS).await?;
    for (folder, name) in peers.iter().flat_map(|folder| [APOLLO, MERCURIUS, YOGA].map(|name| (folder, name)))
    {
        let command = vec!["node".into(), folder.join(format!("{name}.js")).into()];
        enter(name, command, &one, Rest::Pinned, &ALL, NODE_WARMS_UP_MS).await?;
    }
    enter(STATIC, words(&["static"], &[]), &one, Rest::Pinned, &[Q1], WARMS_UP_MS).await?;
    for (name, set, rest) in
        [(OURS_SHARING, OPERATIONS_SHARED, Rest::Pinned), (OURS_KEEPING, ANSWERS_KEPT, Rest::Fresh)]
    {
        match known(set) {
            Ok(()) => enter(name, ours(set.iter()), &one, rest, &[Q1], WARMS_UP_MS).await?,
            Err(problem) => eprintln!("“{name}” is left out: {problem}"),
        }
    }
    enter(OURS, alone, &both, Rest::Unpinned, &[Q4_UNPINNED], WARMS_UP_MS).await?;
    enter(CEILING, words(&["ceiling"], &[]), &both, Rest::Unpinned, &[Q4_UNPINNED], WARMS_UP_MS).await?;
    Ok(entrants)
}

/// Our server with these keys set.
fn ours<'k>(set: impl Iterator<Item = &'k &'k str>) -> Vec<OsString> {
    let mut command = words(&["ours"], &[]);
    for pair in set {
        command.extend(words(&["--set", pair], &[]));
    }
    command
}

/// Whether our server can be configured so.
fn known(set: &[&str]) -> Result<(), Fault> {
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    Ok(ours::settings(&set).map(drop)?)
}

fn words(first: &[&str], rest: &[&str]) -> Vec<OsString> {
    first.iter().chain(rest).map(OsString::from).collect()
}
