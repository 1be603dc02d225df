//! The operations measured.

/// One operation and what a good server does for it.
#[derive(Clone, Copy)]
pub struct Query {
    pub name: &'static str,
    pub about: &'static str,
    pub document: &'static str,
    /// How long the REST service waits before each answer, in milliseconds.
    pub latency_ms: u64,
    /// The fewest upstream calls a request can do with.
    pub calls: u64,
    /// At how many connections it is measured.
    pub connections: &'static [usize],
}

/// Alone and busy: latency shows at one connection, throughput at the other.
const ALONE_AND_BUSY: &[usize] = &[1, 64];

pub const Q1: Query = Query {
    name: "Q1",
    about: "100 posts, each with its user",
    document: "{ posts { id userId title user { id name email } } }",
    latency_ms: 0,
    calls: 2,
    connections: ALONE_AND_BUSY,
};

pub const Q2: Query = Query {
    name: "Q2",
    about: "100 posts, flat",
    document: "{ posts { id userId title body } }",
    latency_ms: 0,
    calls: 1,
    connections: ALONE_AND_BUSY,
};

pub const Q3: Query = Query {
    name: "Q3",
    about: "a constant",
    document: "{ greet }",
    latency_ms: 0,
    calls: 0,
    connections: ALONE_AND_BUSY,
};

pub const Q4: Query = Query {
    name: "Q4",
    about: "three levels of batching, upstream latency 5 ms",
    document: "{ posts(limit: 10) { id title user { id name posts { id title comments { id name email } } } } }",
    latency_ms: 5,
    calls: 4,
    connections: ALONE_AND_BUSY,
};

/// The public benchmark's operations, which every server answers.
pub const ALL: [Query; 4] = [Q1, Q2, Q3, Q4];

/// The servers and the REST service move between the cores as the system likes, with a worker for each.
pub const Q4_UNPINNED: Query =
    Query { name: "Q4 unpinned", about: "the same with every process on both cores", ..Q4 };

/// One call, and one level below it that asks what has been answered already.
pub const ONE_LEVEL: Query = Query {
    name: "1 level",
    about: "one level that asks nothing new",
    document: "{ user(id: 1) { id same { id } } }",
    latency_ms: 0,
    calls: 1,
    connections: &[1],
};

/// How many levels more [`MORE_LEVELS`] has than [`ONE_LEVEL`].
pub const LEVELS_MORE: f64 = 20.0;

/// The same with further levels: what it costs more is what the engine takes for going down.
pub const MORE_LEVELS: Query = Query {
    name: "21 levels",
    about: "twenty-one levels that ask nothing new",
    document: "{ user(id: 1) { id same { same { same { same { same { same { same { same { same { same { same { same \
               { same { same { same { same { same { same { same { same { same { id } } } } } } } } } } } } } } } } } \
               } } } } } }",
    ..ONE_LEVEL
};

/// Everything `run` measures, in the order of the table.
pub const MEASURED: [Query; 7] = [Q1, Q2, Q3, Q4, Q4_UNPINNED, ONE_LEVEL, MORE_LEVELS];

impl Query {
    /// The request as a client posts it.
    pub fn body(&self) -> bytes::Bytes {
        serde_json::json!({ "query": self.document }).to_string().into()
    }
}
