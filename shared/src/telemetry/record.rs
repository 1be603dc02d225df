//! What became of one request: filled by whoever handles it, printed once by the middleware.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;

use super::{
    DocumentUse, OperationType, Outcome, Shared, TraceContext, UpstreamMeters, UpstreamOutcome, metrics,
};

tokio::task_local! {
    // A task-local around the request's future, not a span extension: the trace must be passed on even when
    // RUST_LOG switches the span off, and finding a span's extensions costs more. What is spawned leaves it
    // behind, which is why spawning is banned on request paths; `scope` carries it where that is right.
    static CURRENT: Arc<RequestRecord>;
}

/// Codes beyond this many are counted by the response, not listed in the log line.
const CODES_MAX: usize = 8;

/// One request's account. It is in the request's extensions and, while the request runs, [`RequestRecord::current`].
#[derive(Debug)]
pub struct RequestRecord {
    service: Arc<str>,
    trace: TraceContext,
    upstream_calls: AtomicU64,
    waves: AtomicU64,
    told: Mutex<Told>,
}

/// What the handler said about the request.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) operation_type: OperationType,
    pub(super) operation_name: Option<String>,
    pub(super) outcome: Option<Outcome>,
    pub(super) shared: Option<Shared>,
    pub(super) error_codes: Vec<String>,
}

impl RequestRecord {
    pub fn new(service: Arc<str>, trace: TraceContext) -> Arc<Self> {
        let told = Mutex::default();
        Arc::new(Self { service, trace, upstream_calls: AtomicU64::new(0), waves: AtomicU64::new(0), told })
    }

    /// The record of the request this task is working on.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Reads the current record without keeping it.
    pub fn with_current<T>(read: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.try_with(|record| read(record)).ok()
    }

    /// Runs a future as part of this request: for what continues after the response's head, such as the events
    /// of a subscription.
    pub fn scope<F: Future>(self: Arc<Self>, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// Runs a function as part of this request.
    pub(super) fn enter<T>(self: &Arc<Self>, run: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(Arc::clone(self), run)
    }

    pub fn service(&self) -> &Arc<str> {
        &self.service
    }

    pub fn trace(&self) -> &TraceContext {
        &self.trace
    }

    /// Names the GraphQL operation; a long name is cut at 128 characters.
    pub fn set_operation(&self, operation_type: OperationType, name: Option<&str>) {
        let mut told = self.told.lock();
        told.operation_type = operation_type;
        told.operation_name = name.map(|name| name.chars().take(128).collect());
    }

    /// Overrides what the status code alone would say.
    pub fn set_outcome(&self, outcome: Outcome) {
        self.told.lock().outcome = Some(outcome);
    }

    /// Notes an `extensions.code` of the answer; each code is listed once.
    pub fn add_error(&self, code: &str) {
        let codes = &mut self.told.lock().error_codes;
        if codes.len() < CODES_MAX && !codes.iter().any(|known| known == code) {
            codes.push(code.to_owned());
        }
    }

    /// The operation is not run for this caller; counts it in the metrics.
    pub fn operation_shared(&self, how: Shared) {
        self.told.lock().shared = Some(how);
        metrics().operation_shared(&self.service, how);
    }

    /// Counts how the request's document was found.
    pub fn document_used(&self, how: DocumentUse) {
        metrics().document_used(&self.service, how);
    }

    /// Counts a document that was not known, and had to be looked at.
    pub fn document_prepared(&self) {
        metrics().document_prepared(&self.service);
    }

    /// After all, it is.
    pub fn operation_unshared(&self) {
        self.told.lock().shared = None;
    }

    /// Counts one HTTP call to an upstream, here and in the metrics.
    pub fn upstream_called(&self, meters: &UpstreamMeters, outcome: UpstreamOutcome, took: Duration) {
        self.upstream_calls.fetch_add(1, Relaxed);
        meters.called(outcome, took);
    }

    /// Counts places of the answer that are less than they should be, by policy.
    pub fn degraded(&self, places: &BTreeMap<&'static str, u64>) {
        for (policy, places) in places {
            metrics().degraded(&self.service, policy, *places);
        }
    }

    /// Counts keys of an upstream by how they were answered: by rows that were kept, by another request's call, by one
    /// of their own.
    pub fn keys_answered(&self, upstream: &'static str, kept: u32, joined: u32, asked: u32) {
        metrics().keys_answered(&self.service, upstream, kept, joined, asked);
    }

    /// So many bytes of an upstream's rows are kept by now.
    pub fn rows_kept(&self, upstream: &'static str, bytes: u64) {
        metrics().rows_kept(&self.service, upstream, bytes);
    }

    /// Counts one level of the fan-out.
    pub fn wave(&self) {
        self.waves.fetch_add(1, Relaxed);
    }

    pub fn upstream_calls(&self) -> u64 {
        self.upstream_calls.load(Relaxed)
    }

    pub fn waves(&self) -> u64 {
        self.waves.load(Relaxed)
    }

    pub(super) fn told(&self) -> Told {
        self.told.lock().clone()
    }
}
