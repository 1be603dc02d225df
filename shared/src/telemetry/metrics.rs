//! Counters and durations in the Prometheus text format, with label sets that a caller cannot grow.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// The GraphQL operation's type; `none` for everything that is not GraphQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OperationType {
    #[default]
    None,
    Query,
    Mutation,
    Subscription,
}

/// What became of a request, and whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Ok,
    /// Data arrived, and so did errors.
    Partial,
    CallerError,
    UpstreamError,
    InternalError,
    Timeout,
    /// The caller left before the answer.
    Cancelled,
}

/// What became of one call to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpstreamOutcome {
    Ok,
    ClientError,
    ServerError,
    Timeout,
    Unreachable,
    /// The answer was not what the question expects.
    Malformed,
}

/// How an operation was answered without being run for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shared {
    /// By an identical one that was under way.
    Joined,
    /// By an answer that was kept.
    Kept,
}

/// How a request's document was found, where documents are registered or stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentUse {
    /// It is registered.
    Registered,
    /// A client stored it under its hash.
    Stored,
    /// Its text is not among the registered ones.
    Unlisted,
    /// Nobody knows the id.
    Unknown,
}

/// Whether an upstream is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    Closed,
    /// One call at a time.
    HalfOpen,
    Open,
}

/// Who answered a key of a public question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeySource {
    /// Rows that were kept: a hit.
    Kept,
    /// A call that another request had under way.
    Joined,
    /// A call: a miss.
    Asked,
}

impl UpstreamOutcome {
    /// In the order of their declaration.
    const ALL: [Self; 6] =
        [Self::Ok, Self::ClientError, Self::ServerError, Self::Timeout, Self::Unreachable, Self::Malformed];
}

macro_rules! names {
    ($type:ty { $($variant:ident => $name:literal,)* }) => {
        impl $type {
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl EncodeLabelValue for $type {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
                EncodeLabelValue::encode(&self.as_str(), encoder)
            }
        }
    };
}

names!(OperationType { None => "none", Query => "query", Mutation => "mutation", Subscription => "subscription", });
names!(Outcome {
    Ok => "ok",
    Partial => "partial",
    CallerError => "caller_error",
    UpstreamError => "upstream_error",
    InternalError => "internal_error",
    Timeout => "timeout",
    Cancelled => "cancelled",
});
names!(Shared { Joined => "joined", Kept => "kept", });
names!(DocumentUse {
    Registered => "registered",
    Stored => "stored",
    Unlisted => "unlisted",
    Unknown => "unknown",
});
names!(KeySource { Kept => "kept", Joined => "joined", Asked => "asked", });
names!(UpstreamOutcome {
    Ok => "ok",
    ClientError => "client_error",
    ServerError => "server_error",
    Timeout => "timeout",
    Unreachable => "unreachable",
    Malformed => "malformed",
});

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DocumentLabels {
    service: Arc<str>,
    how: DocumentUse,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    service: Arc<str>,
    taken: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    service: Arc<str>,
    operation_type: OperationType,
    outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    service: Arc<str>,
    operation_type: OperationType,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SharedLabels {
    service: Arc<str>,
    how: Shared,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamLabels {
    service: Arc<str>,
    upstream: Arc<str>,
    outcome: UpstreamOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KeyLabels {
    service: Arc<str>,
    upstream: &'static str,
    source: KeySource,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RowsLabels {
    service: Arc<str>,
    upstream: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    service: Arc<str>,
    upstream: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    service: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClosedLabels {
    service: Arc<str>,
    code: u16,
}

/// One of something that is counted for as long as it is there.
#[derive(Debug)]
pub struct Counted(Gauge);

impl Counted {
    pub fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RejectedLabels {
    service: Arc<str>,
    upstream: Arc<str>,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QuotaLabels {
    service: Arc<str>,
    outcome: &'static str,
    bucket: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DegradedLabels {
    service: Arc<str>,
    policy: &'static str,
}

/// What is counted of one upstream: there from the start, at zero.
#[derive(Debug)]
pub struct UpstreamMeters {
    /// By outcome.
    calls: [Counter; UpstreamOutcome::ALL.len()],
    durations: Histogram,
    pub retries: Counter,
    /// Calls that the breaker refused.
    pub rejected_open: Counter,
    /// Calls that found no place in time.
    pub rejected_full: Counter,
    breaker: Gauge,
    /// Connections to its event streams.
    pub event_streams: Gauge,
    /// Subscriptions that listen to these.
    pub event_listeners: Gauge,
}

impl UpstreamMeters {
    /// A call was made, whatever came of it.
    pub(super) fn called(&self, outcome: UpstreamOutcome, took: Duration) {
        self.durations.observe(took.as_secs_f64());
        if let Some(calls) = self.calls.get(outcome as usize) {
            calls.inc();
        }
    }

    pub fn breaker(&self, state: BreakerState) {
        self.breaker.set(match state {
            BreakerState::Closed => 0,
            BreakerState::HalfOpen => 1,
            BreakerState::Open => 2,
        });
    }
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// All metrics of the process.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_duration: Durations<DurationLabels>,
    operations_shared: Family<SharedLabels, Counter>,
    documents: Family<DocumentLabels, Counter>,
    documents_prepared: Family<ServiceLabels, Counter>,
    document_reloads: Family<ReloadLabels, Counter>,
    upstream_calls: Family<UpstreamLabels, Counter>,
    upstream_duration: Durations<EndpointLabels>,
    upstream_retries: Family<EndpointLabels, Counter>,
    upstream_rejected: Family<RejectedLabels, Counter>,
    upstream_breaker: Family<EndpointLabels, Gauge>,
    degraded: Family<DegradedLabels, Counter>,
    upstream_keys: Family<KeyLabels, Counter>,
    rows_kept: Family<RowsLabels, Gauge>,
    event_streams: Family<EndpointLabels, Gauge>,
    event_listeners: Family<EndpointLabels, Gauge>,
    sockets: Family<ServiceLabels, Gauge>,
    sockets_closed: Family<ClosedLabels, Counter>,
    streams: Family<ServiceLabels, Gauge>,
    quota: Family<QuotaLabels, Counter>,
}

/// The process's metrics.
pub fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
    &METRICS
}

/// From one millisecond to ten seconds: what a screen's deadline is made of.
fn seconds() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(super::runtime::Tasks));
        let requests = Family::default();
        registry.register("requests", "Requests answered", requests.clone());
        let request_duration = Durations::new_with_constructor(seconds as fn() -> Histogram);
        let help = "Seconds from a request's head to its response's head";
        registry.register("request_duration_seconds", help, request_duration.clone());
        let operations_shared = Family::default();
        let help = "Operations answered by another's execution, or by an answer that was kept";
        registry.register("graphql_operations_shared", help, operations_shared.clone());
        let documents = Family::default();
        let help = "Requests by how their document was found, where documents are registered or stored";
        registry.register("graphql_documents", help, documents.clone());
        let documents_prepared = Family::default();
        let help = "Documents that were not known, and had to be parsed and validated";
        registry.register("graphql_documents_prepared", help, documents_prepared.clone());
        let document_reloads = Family::default();
        let help = "Changes of the registered documents that were seen, and taken or not";
        registry.register("graphql_document_reloads", help, document_reloads.clone());
        let upstream_calls = Family::default();
        registry.register("upstream_calls", "HTTP calls to upstreams", upstream_calls.clone());
        let upstream_duration = Durations::new_with_constructor(seconds as fn() -> Histogram);
        let help = "Seconds an HTTP call to an upstream took";
        registry.register("upstream_duration_seconds", help, upstream_duration.clone());
        let upstream_retries = Family::default();
        let help = "HTTP calls to upstreams that were made again";
        registry.register("upstream_retries", help, upstream_retries.clone());
        let upstream_rejected = Family::default();
        let help = "Calls to upstreams that were not made: the breaker is open, or the bulkhead full";
        registry.register("upstream_rejected", help, upstream_rejected.clone());
        let upstream_breaker = Family::default();
        let help = "The breaker of an upstream: 0 closed, 1 half open, 2 open";
        registry.register("upstream_breaker", help, upstream_breaker.clone());
        let degraded = Family::default();
        let help = "Places of answers that were less than they should be";
        registry.register("degraded", help, degraded.clone());
        let upstream_keys = Family::default();
        let help =
            "Keys of public questions, by who answered: rows that were kept, another request's call, a call";
        registry.register("upstream_keys", help, upstream_keys.clone());
        let rows_kept = Family::default();
        registry.register("upstream_rows_kept_bytes", "Bytes of rows that are kept", rows_kept.clone());
        let event_streams = Family::default();
        let help = "Connections to upstreams' event streams";
        registry.register("upstream_event_streams", help, event_streams.clone());
        let event_listeners = Family::default();
        let help = "Subscriptions that listen to upstreams' event streams";
        registry.register("upstream_event_listeners", help, event_listeners.clone());
        let sockets = Family::default();
        registry.register("graphql_sockets", "WebSockets that are open", sockets.clone());
        let sockets_closed = Family::default();
        let help = "WebSockets that were closed, by the code that told why";
        registry.register("graphql_sockets_closed", help, sockets_closed.clone());
        let streams = Family::default();
        let help = "Operations under way over WebSockets and server-sent events";
        registry.register("graphql_streams", help, streams.clone());
        let quota = Family::default();
        let help = "Operations that a quota had room for, or not: in Redis, in memory, or in a replica's share while Redis is gone";
        registry.register("graphql_quota", help, quota.clone());
        Self {
            event_streams,
            event_listeners,
            sockets,
            sockets_closed,
            streams,
            quota,
            registry,
            requests,
            request_duration,
            operations_shared,
            documents,
            documents_prepared,
            document_reloads,
            upstream_calls,
            upstream_duration,
            upstream_retries,
            upstream_rejected,
            upstream_breaker,
            upstream_keys,
            rows_kept,
            degraded,
        }
    }

    pub(super) fn request(&self, service: &Arc<str>, kind: OperationType, outcome: Outcome, took: Duration) {
        let service = Arc::clone(service);
        let labels = DurationLabels { service: Arc::clone(&service), operation_type: kind };
        self.request_duration.get_or_create(&labels).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { service, operation_type: kind, outcome }).inc();
    }

    /// A client's bucket was asked: it had enough (`granted`) or not (`refused`).
    pub fn quota(&self, service: &Arc<str>, outcome: &'static str, bucket: &'static str) {
        self.quota.get_or_create(&QuotaLabels { service: Arc::clone(service), outcome, bucket }).inc();
    }

    pub(super) fn operation_shared(&self, service: &Arc<str>, how: Shared) {
        let service = Arc::clone(service);
        self.operations_shared.get_or_create(&SharedLabels { service, how }).inc();
    }

    pub(super) fn document_used(&self, service: &Arc<str>, how: DocumentUse) {
        let service = Arc::clone(service);
        self.documents.get_or_create(&DocumentLabels { service, how }).inc();
    }

    pub(super) fn document_prepared(&self, service: &Arc<str>) {
        self.documents_prepared.get_or_create(&ServiceLabels { service: Arc::clone(service) }).inc();
    }

    /// The registered documents of a service have changed; only where nothing is wrong with them they are taken.
    pub fn documents_reloaded(&self, service: &Arc<str>, taken: bool) {
        let service = Arc::clone(service);
        self.document_reloads.get_or_create(&ReloadLabels { service, taken }).inc();
    }

    /// A socket of a service is open until this is dropped.
    pub fn socket(&self, service: &Arc<str>) -> Counted {
        Counted::of(&self.sockets.get_or_create(&ServiceLabels { service: Arc::clone(service) }))
    }

    /// A socket is about to be closed.
    pub fn socket_closed(&self, service: &Arc<str>, code: u16) {
        self.sockets_closed.get_or_create(&ClosedLabels { service: Arc::clone(service), code }).inc();
    }

    /// An operation of a service goes on until this is dropped.
    pub(super) fn stream(&self, service: &Arc<str>) -> Counted {
        Counted::of(&self.streams.get_or_create(&ServiceLabels { service: Arc::clone(service) }))
    }

    /// The meters of one upstream of one service.
    pub fn upstream(&self, service: &Arc<str>, name: &str) -> UpstreamMeters {
        let upstream: Arc<str> = name.into();
        let labels = EndpointLabels { service: Arc::clone(service), upstream: Arc::clone(&upstream) };
        let rejected = |reason| {
            let (service, upstream) = (Arc::clone(service), Arc::clone(&upstream));
            self.upstream_rejected.get_or_create(&RejectedLabels { service, upstream, reason }).clone()
        };
        let calls = UpstreamOutcome::ALL.map(|outcome| {
            let (service, upstream) = (Arc::clone(service), Arc::clone(&upstream));
            self.upstream_calls.get_or_create(&UpstreamLabels { service, upstream, outcome }).clone()
        });
        let breaker = self.upstream_breaker.get_or_create(&labels).clone();
        breaker.set(0);
        UpstreamMeters {
            calls,
            durations: self.upstream_duration.get_or_create(&labels).clone(),
            retries: self.upstream_retries.get_or_create(&labels).clone(),
            rejected_open: rejected("breaker"),
            rejected_full: rejected("bulkhead"),
            event_streams: self.event_streams.get_or_create(&labels).clone(),
            event_listeners: self.event_listeners.get_or_create(&labels).clone(),
            breaker,
        }
    }

    pub(super) fn degraded(&self, service: &Arc<str>, policy: &'static str, places: u64) {
        let labels = DegradedLabels { service: Arc::clone(service), policy };
        self.degraded.get_or_create(&labels).inc_by(places);
    }

    pub(super) fn keys_answered(
        &self,
        service: &Arc<str>,
        upstream: &'static str,
        kept: u32,
        joined: u32,
        asked: u32,
    ) {
        for (source, keys) in
            [(KeySource::Kept, kept), (KeySource::Joined, joined), (KeySource::Asked, asked)]
        {
            if keys > 0 {
                let labels = KeyLabels { service: Arc::clone(service), upstream, source };
                self.upstream_keys.get_or_create(&labels).inc_by(keys.into());
            }
        }
    }

    pub(super) fn rows_kept(&self, service: &Arc<str>, upstream: &'static str, bytes: u64) {
        let labels = RowsLabels { service: Arc::clone(service), upstream };
        self.rows_kept.get_or_create(&labels).set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// The OpenMetrics text that `/metrics` answers.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(error) => format!("# not encodable: {error}\n# EOF\n"),
        }
    }
}
