//! A schema that can be asked: documents are prepared, variables coerced, roots run by async-graphql, answers written.

mod stream;

use super::{
    answer::{self, Answer, Verdict},
    clients::Clients,
    declared::{Declared, SchemaError, Serving},
    document::{Documents, Prepared, PreparedOperation, Refusal, Refusals},
    operation::GraphqlRequest,
    rounds::in_rounds,
    run::{Asking, Ran, Run},
    sharing::Sharing,
    trusted::{self, Trusted},
    variables::{self, Coerced},
};
use crate::{
    Code,
    config::{Profile, Settings},
    fanout::{Begun, Execution, Fault, Loader, Stats, Strictest},
    quota::Quota,
    redis::Redis,
    request::{Links, RequestContext},
    telemetry::{OperationType as Recorded, Outcome, RequestRecord},
    upstream::Upstreams,
};
use async_graphql::{ObjectType, ServerError, SubscriptionType, Variables, parser::types::OperationType};
use futures::FutureExt;
use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tracing::Instrument;

/// A schema with everything that outlives a request. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    runner: Arc<dyn Run>,
    documents: Documents,
    upstreams: Arc<Upstreams>,
    links: Links,
    answer_bytes: usize,
    sharing: Option<Arc<Sharing>>,
    trusted: Trusted,
    tells_fanout: bool,
    quota: Option<Quota>,
    clients: Clients,
}

impl Engine {
    /// A schema over upstreams, as a BFF with these settings has it: what tests and tools use without a server around it.
    ///
    /// # Errors
    /// The schema cannot be served.
    pub fn new<Q, M, S>(
        query: Q,
        mutation: M,
        subscription: S,
        upstreams: Arc<Upstreams>,
        settings: &Settings,
    ) -> Result<Self, SchemaError>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let serving = Serving { settings, public_schema: false, redis: None };
        Declared::new(query, mutation, subscription)?.engine(upstreams, &serving)
    }

    pub(super) fn over(
        runner: Arc<dyn Run>,
        documents: Documents,
        trusted: Trusted,
        upstreams: Arc<Upstreams>,
        settings: &Settings,
        redis: Option<&Redis>,
    ) -> Self {
        let inner = Arc::new(Inner {
            runner,
            documents,
            upstreams,
            links: Links::new(settings.links.clone()),
            answer_bytes: settings.limits.answer_bytes,
            sharing: Sharing::new(&settings.sharing),
            trusted,
            tells_fanout: settings.profile == Profile::Development,
            quota: Quota::new(settings, redis),
            clients: Clients::new(&settings.clients),
        });
        let every = Duration::from_millis(settings.documents.reload_ms);
        trusted::watch(Arc::downgrade(&inner), every, |inner| (&inner.trusted, &inner.documents));
        Self(inner)
    }

    /// Runs a query or a mutation.
    pub async fn execute(&self, request: &GraphqlRequest<'_>, context: RequestContext) -> Answer {
        let asked = self.asked(request, &context);
        self.executed(asked, request, context, false).await
    }

    /// The same for what came by `GET`, with a word on whether the answer may be kept. None: it is no query, and only those
    /// may go so (they are safe, RFC 9110 §9.2.1).
    pub async fn execute_query(
        &self,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
    ) -> Option<Answer> {
        let asked = self.asked(request, &context);
        if asked.as_ref().is_ok_and(|asked| asked.operation().operation.ty != OperationType::Query) {
            return None;
        }
        Some(self.executed(asked, request, context, true).await)
    }

    pub(super) async fn executed(
        &self,
        asked: Result<Asked, Refusals>,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        wants_keep: bool,
    ) -> Answer {
        let told_apart = asked.as_ref().is_ok_and(Asked::is_told_apart);
        let mut answer = match asked {
            Err(refusals) => answer::refused(&refusals),
            Ok(asked) => {
                let answer = self.answer(asked, request, context, wants_keep).await;
                answer.unwrap_or_else(|fault| answer::refused(&[Refusal { fault, at: None }]))
            }
        };
        answer.told_apart = told_apart;
        note_codes(&answer);
        note_degraded(&answer.degraded);
        answer
    }

    async fn answer(
        &self,
        asked: Asked,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        wants_keep: bool,
    ) -> Result<Answer, Fault> {
        let ty = asked.operation().operation.ty;
        if ty == OperationType::Subscription {
            return Err(Fault::bad_input(
                "A subscription needs a stream: `Accept: text/event-stream`, or a WebSocket (graphql-transport-ws) at `/graphql/ws`.",
            ));
        }
        if let Some(sharing) = self.0.sharing.as_ref().filter(|_| ty == OperationType::Query) {
            return sharing.answer(self, asked, request, context, wants_keep).await;
        }
        let variables = self.coerce(&asked, request)?.variables;
        if let Some(quota) = &self.0.quota {
            // Its answer tells what it cost: it is nobody else's.
            let own = self.ready(asked, variables, context, self.stats());
            return Ok(self.metered(quota, &own).boxed().await);
        }
        let context = if wants_keep { context.watched() } else { context };
        let own = self.ready(asked, variables, context, self.stats_for(wants_keep));
        Ok(self.run_own(&own, wants_keep).await)
    }

    /// Runs an operation for its caller alone. Whether its answer may be kept is known only if the caller was watched for.
    pub(super) async fn run_own(&self, own: &Ready, wants_keep: bool) -> Answer {
        let mut answer = self.run(own).await;
        let operation = &own.operation().operation;
        if own.was_looked_at() {
            operation.found_private();
        }
        if wants_keep && operation.is_public(&own.variables) {
            answer.keep = own.stats.strictest().map(Strictest::keep);
        }
        answer
    }

    /// Runs an operation to its end.
    pub(super) async fn run(&self, ready: &Ready) -> Answer {
        let ran = self.roots(ready, None).await;
        note_waves(&ready.stats);
        answer::executed(&ready.operation().operation, &ready.variables, ran, &ready.stats)
    }

    /// Runs its roots; what is put off below them is noted there, if it is cut.
    pub(super) async fn roots(&self, ready: &Ready, begun: Option<Arc<Begun>>) -> Ran {
        let operation = ready.operation();
        let span = tracing::debug_span!(
            "operation",
            graphql.operation.type = %operation.operation.ty,
            graphql.operation.name = operation.name
        );
        let running = AssertUnwindSafe(self.0.runner.run(ready.asking(begun))).catch_unwind();
        in_rounds(running).instrument(span).await.unwrap_or_else(|_| Ran::failed(internal()))
    }

    pub(super) fn documents(&self) -> &Documents {
        &self.0.documents
    }

    /// The longest answer.
    pub(super) fn answer_bytes(&self) -> usize {
        self.0.answer_bytes
    }

    /// A request's account: in detail, where clients are told of it.
    pub(super) fn stats(&self) -> Stats {
        let stats = if self.0.tells_fanout { Stats::in_detail() } else { Stats::default() };
        if self.0.quota.is_some() { stats.with_objects() } else { stats }
    }

    /// The same, with the freshness of what is read, if somebody wants to know.
    pub(super) fn stats_for(&self, wants_keep: bool) -> Stats {
        if wants_keep { self.stats().with_freshness() } else { self.stats() }
    }

    /// What clients may spend, if they have quotas.
    pub(super) fn quota(&self) -> Option<&Quota> {
        self.0.quota.as_ref()
    }

    /// How many writes of this BFF are over.
    pub(super) fn writes(&self) -> u64 {
        self.0.upstreams.writes.over()
    }

    /// Finds out what a request asks, and whether it may.
    pub(super) fn asked(
        &self,
        request: &GraphqlRequest<'_>,
        context: &RequestContext,
    ) -> Result<Asked, Refusals> {
        let prepared = self.0.trusted.document(request, context, &self.0.documents)?;
        let name = request.operation_name.as_deref().filter(|name| !name.is_empty());
        let (at, older) = {
            let operation = prepared.operation(name).map_err(refuse)?;
            RequestRecord::with_current(|record| {
                record.set_operation(recorded(operation.operation.ty), operation.name.as_deref());
            });
            let at = prepared.operations.iter().position(|other| std::ptr::eq(other, operation)).unwrap_or(0);
            (at, self.older(operation, context))
        };
        Ok(Asked { prepared, at, instead: older })
    }

    /// An operation as this client sees it, if it is too old for something in it.
    fn older(
        &self,
        operation: &PreparedOperation,
        context: &RequestContext,
    ) -> Option<Arc<PreparedOperation>> {
        if operation.below.is_empty() {
            return None;
        }
        operation.seen_by(self.0.clients.version(context.told_apart())?).cloned()
    }

    /// An operation with all that it needs to run, for the caller in `context`.
    pub(super) fn ready(
        &self,
        asked: Asked,
        variables: Variables,
        mut context: RequestContext,
        stats: Stats,
    ) -> Ready {
        context.links = self.0.links.clone();
        context.answer_bytes = self.0.answer_bytes;
        let stats = Arc::new(stats);
        let loader = Arc::new(Loader::new(self.0.upstreams.clone(), Arc::new(context), stats.clone()));
        Ready { asked, variables, loader, stats }
    }

    /// The variables of an operation, with what a shared answer is found by where answers are shared.
    pub(super) fn coerce(&self, asked: &Asked, request: &GraphqlRequest<'_>) -> Result<Coerced, Fault> {
        let operation = asked.operation();
        if !operation.has_variables {
            return Ok(Coerced::default());
        }
        let coerced = variables::coerce(
            &self.0.documents,
            operation,
            request.variables.as_ref(),
            self.0.sharing.is_some(),
        )?;
        self.0.documents.guard().sized(&operation.cost, &coerced.variables)?;
        Ok(coerced)
    }
}

/// Which operation of which document.
#[derive(Clone)]
pub(super) struct Asked {
    prepared: Arc<Prepared>,
    at: usize,
    /// What runs instead, where it is cut, or some of it is not there for this client.
    instead: Option<Arc<PreparedOperation>>,
}

impl Asked {
    pub fn operation(&self) -> &PreparedOperation {
        self.instead.as_deref().unwrap_or(&self.prepared.operations[self.at])
    }

    /// Whether it is another for clients of some other version.
    pub fn is_told_apart(&self) -> bool {
        !self.prepared.operations[self.at].below.is_empty()
    }

    /// What of it waits for the same.
    pub fn as_cut(&self, operation: &Arc<PreparedOperation>) -> Self {
        Self { instead: Some(operation.clone()), ..self.clone() }
    }
}

/// A request whose operation may run.
pub(super) struct Ready {
    asked: Asked,
    pub variables: Variables,
    loader: Arc<Loader>,
    stats: Arc<Stats>,
}

impl Ready {
    pub fn operation(&self) -> &PreparedOperation {
        self.asked.operation()
    }

    /// What is known of the request.
    pub fn context(&self) -> &RequestContext {
        self.loader.request()
    }

    /// What it asked of upstreams.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Whether anybody looked at the caller, if that is noted.
    pub fn was_looked_at(&self) -> bool {
        self.loader.request().was_looked_at()
    }

    /// The same request, and another part of its operation.
    pub fn of(&self, operation: &Arc<PreparedOperation>) -> Self {
        Self {
            asked: self.asked.as_cut(operation),
            variables: self.variables.clone(),
            loader: self.loader.clone(),
            stats: self.stats.clone(),
        }
    }

    /// What is run, and what its roots find in their context.
    fn asking(&self, begun: Option<Arc<Begun>>) -> Asking<'_> {
        let operation = self.operation();
        let execution = Execution::new(self.loader.clone(), operation.operation.clone(), begun);
        Asking { operation, variables: &self.variables, execution: Arc::new(execution) }
    }
}

fn refuse(fault: Fault) -> Refusals {
    Arc::new(vec![Refusal { fault, at: None }])
}

fn internal() -> ServerError {
    // Nobody knows where: a line of 0 is not told.
    Fault::internal().at(Default::default(), Vec::new())
}

fn recorded(ty: OperationType) -> Recorded {
    match ty {
        OperationType::Query => Recorded::Query,
        OperationType::Mutation => Recorded::Mutation,
        OperationType::Subscription => Recorded::Subscription,
    }
}

pub(super) fn note_waves(stats: &Stats) {
    RequestRecord::with_current(|record| (0..stats.waves()).for_each(|_| record.wave()));
}

pub(super) fn note_degraded(degraded: &BTreeMap<&'static str, u64>) {
    if !degraded.is_empty() {
        RequestRecord::with_current(|record| record.degraded(degraded));
    }
}

/// What became of an answer in parts.
pub(super) fn note_parts(codes: &[std::borrow::Cow<'static, str>]) {
    RequestRecord::with_current(|record| {
        codes.iter().for_each(|code| record.add_error(code));
        record.set_outcome(if codes.is_empty() { Outcome::Ok } else { Outcome::Partial });
    });
}

pub(super) fn note_codes(answer: &Answer) {
    RequestRecord::with_current(|record| {
        let mut outcome = None;
        for code in &answer.codes {
            record.add_error(code);
            outcome = Some(Code::named(code).map_or(Outcome::CallerError, Code::outcome));
        }
        if let Some(outcome) = outcome {
            // Some of it arrived: the codes say what did not.
            let partial = answer.verdict != Verdict::Refused && !answer.body.starts_with(b"{\"data\":null");
            record.set_outcome(if partial { Outcome::Partial } else { outcome });
        }
    });
}
