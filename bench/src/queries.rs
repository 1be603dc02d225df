//! The four operations measured.

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
}

pub const Q1: Query = Query {
    name: "Q1",
    about: "100 posts, each with its user",
    document: "{ posts { id userId title user { id name email } } }",
    latency_ms: 0,
    calls: 2,
};

pub const Q2: Query = Query {
    name: "Q2",
    about: "100 posts, flat",
    document: "{ posts { id userId title body } }",
    latency_ms: 0,
    calls: 1,
};

pub const Q3: Query =
    Query { name: "Q3", about: "a constant", document: "{ greet }", latency_ms: 0, calls: 0 };

pub const Q4: Query = Query {
    name: "Q4",
    about: "three levels of batching, upstream latency 5 ms",
    document: "{ posts(limit: 10) { id title user { id name posts { id title comments { id name email } } } } }",
    latency_ms: 5,
    calls: 4,
};

pub const ALL: [Query; 4] = [Q1, Q2, Q3, Q4];

impl Query {
    /// The request as a client posts it.
    pub fn body(&self) -> bytes::Bytes {
        serde_json::json!({ "query": self.document }).to_string().into()
    }
}
