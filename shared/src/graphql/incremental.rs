//! Answers in parts (`@defer`): what leaves first, and what is told after it, in two published forms.
//!
//! The operation is run with what is put off cut away; what that was is gathered when the first answer has left, over the
//! same loader and under the same deadline, and told as it comes. An answer in parts is nobody else's: it is neither
//! shared nor kept.

mod directive;
mod payload;
mod variants;

pub use self::directive::Deferrable;
pub(super) use self::{
    directive::DIRECTIVE,
    variants::{Defers, Variant},
};
use super::{
    answer::{self, Answer},
    document::{PreparedOperation, Refusals},
    engine::{Asked, Engine, Ready, note_codes, note_degraded, note_parts, note_waves},
    operation::GraphqlRequest,
    rounds::in_rounds,
};
pub(super) use crate::fanout::Form;
use crate::{
    fanout::{Begun, CutAt, Delivery, Fault, PutOff, Settled},
    request::RequestContext,
    telemetry::{Outcome, RequestRecord},
};
use async_graphql::parser::types::OperationType;
use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
    stream::{self, BoxStream, FuturesUnordered, StreamExt},
};
use std::{panic::AssertUnwindSafe, sync::Arc};

/// What comes of a request whose client takes parts.
pub enum InParts {
    /// Nothing was put off.
    Whole(Answer),
    /// Each a JSON text; the last says that it is.
    Parts(BoxStream<'static, Bytes>),
}

impl InParts {
    /// For transports on which answers follow each other anyhow.
    pub(super) fn answers(self) -> BoxStream<'static, Answer> {
        match self {
            Self::Whole(answer) => stream::iter([answer]).boxed(),
            Self::Parts(parts) => parts.map(Answer::part).boxed(),
        }
    }
}

impl Engine {
    /// Runs a query or a mutation for a client that takes its answer in parts.
    pub(super) async fn execute_in_parts(
        &self,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        form: Form,
    ) -> InParts {
        let asked = self.asked(request, &context);
        self.executed_in_parts(asked, request, context, form, false).await
    }

    /// The same for what came by `GET`. None: it is no query.
    pub(super) async fn execute_query_in_parts(
        &self,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        form: Form,
    ) -> Option<InParts> {
        let asked = self.asked(request, &context);
        if asked.as_ref().is_ok_and(|asked| asked.operation().operation.ty != OperationType::Query) {
            return None;
        }
        Some(self.executed_in_parts(asked, request, context, form, true).await)
    }

    async fn executed_in_parts(
        &self,
        asked: Result<Asked, Refusals>,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        form: Form,
        wants_keep: bool,
    ) -> InParts {
        // What is wrong with a request is said by who runs whole ones.
        match asked.as_ref().ok().and_then(|asked| self.cut(asked, request, &context, form)) {
            Some((ready, variant)) => self.first_part(ready, variant, form).await,
            None => InParts::Whole(self.executed(asked, request, context, wants_keep).await),
        }
    }

    /// An operation that puts something off, ready to run without that. None: there is none, or something is wrong.
    pub(super) fn cut(
        &self,
        asked: &Asked,
        request: &GraphqlRequest<'_>,
        context: &RequestContext,
        form: Form,
    ) -> Option<(Ready, Arc<Variant>)> {
        asked.operation().defers.as_ref()?;
        // Where clients have quotas, an answer comes whole: it is settled when all of it is there.
        if self.quota().is_some() {
            return None;
        }
        let variables = self.coerce(asked, request).ok()?.variables;
        let variant = self.documents().variant(asked.operation(), &variables, form).ok()??;
        Some((self.ready(asked.as_cut(&variant.first), variables, context.clone(), self.stats()), variant))
    }

    /// Runs what is not put off. The parts go on within the record of whoever works on this.
    pub(super) async fn first_part(&self, ready: Ready, variant: Arc<Variant>, form: Form) -> InParts {
        let delivery = Delivery::new(self.answer_bytes());
        let begun = Begun::over(delivery.clone());
        let ran = self.roots(&ready, Some(begun.clone())).await;
        let PutOff { mut cuts, tasks } = begun.take();
        let operation = &ready.operation().operation;
        let mut first = answer::begin(operation, &ready.variables, ran);
        let payload = if first.whole {
            cuts.sort_by_key(|cut| operation.root_of(&cut.path));
            let roots = CutAt::of_roots(variant.shown.clone());
            let serial = roots.serial;
            cuts.insert(0, roots);
            delivery.open(&cuts).map(|payload| (payload, serial))
        } else {
            delivery.forget(&cuts);
            None
        };
        let Some((payload, serial)) = payload else {
            note_waves(ready.stats());
            let answer = first.end(operation, ready.stats());
            note_codes(&answer);
            note_degraded(&answer.degraded);
            return InParts::Whole(answer);
        };
        let running: FuturesUnordered<_> = tasks.into_iter().map(survived).collect();
        let ready = Arc::new(ready);
        for (nth, operation) in variant.later.iter().enumerate() {
            running.push(survived(self.later((serial, nth), operation, ready.clone(), delivery.clone())));
        }
        payload::open(form, &payload, &mut first.body);
        delivery.writes(first.body.len());
        let rest = Rest { ready, delivery, running, form, told: first.codes, over: false };
        let first = Bytes::from(first.body);
        RequestRecord::with_current(|record| record.set_outcome(Outcome::Cancelled));
        InParts::Parts(stream::once(async { first }).chain(rest.parts()).boxed())
    }

    /// Roots that are put off, once it is their turn.
    fn later(
        &self,
        group: (u64, usize),
        operation: &Arc<PreparedOperation>,
        first: Arc<Ready>,
        delivery: Arc<Delivery>,
    ) -> BoxFuture<'static, ()> {
        let (engine, ready) = (self.clone(), first.of(operation));
        async move {
            if !delivery.turn(group).await {
                return;
            }
            let begun = Begun::over(delivery.clone());
            let ran = engine.roots(&ready, Some(begun.clone())).await;
            let PutOff { cuts, tasks } = begun.take();
            let (data, errors) = answer::part(&ready.operation().operation, &ready.variables, ran);
            delivery.writes(data.as_ref().map_or(0, Bytes::len));
            delivery.settle(vec![Settled { group, path: Arc::from([]), data, errors, cuts }]);
            join_all(tasks).await;
        }
        .boxed()
    }
}

/// A panic ends one of those at work, not the connection; what that one owed is then given up.
fn survived(task: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
    AssertUnwindSafe(task).catch_unwind().map(drop).boxed()
}

/// What is told after the first part.
struct Rest {
    ready: Arc<Ready>,
    delivery: Arc<Delivery>,
    running: FuturesUnordered<BoxFuture<'static, ()>>,
    form: Form,
    /// Codes so far.
    told: Vec<std::borrow::Cow<'static, str>>,
    over: bool,
}

impl Rest {
    fn parts(self) -> BoxStream<'static, Bytes> {
        let record = RequestRecord::current();
        let parts = stream::unfold(self, move |mut rest| {
            let record = record.clone();
            async move {
                let next = async {
                    let part = rest.next().await?;
                    Some((part, rest))
                };
                match record {
                    Some(record) => record.scope(next).await,
                    None => next.await,
                }
            }
        });
        // Whoever sends what there is has its turn first: nothing is asked before the first part has left.
        stream::once(tokio::task::yield_now()).filter_map(|()| std::future::ready(None)).chain(parts).boxed()
    }

    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        let Self { ready, delivery, running, .. } = self;
        let given_up = || Fault::internal().at(Default::default(), Vec::new());
        let polled = std::future::poll_fn(|cx| delivery.poll_next(running, given_up, cx));
        let payload = in_rounds(polled).await?;
        let operation = &ready.operation().operation;
        let mut body = b"{".to_vec();
        let last = !payload.has_next;
        let codes = payload::put(self.form, payload, operation, &mut body);
        for code in codes {
            if !self.told.contains(&code) {
                self.told.push(code);
            }
        }
        if last {
            self.over = true;
            note_waves(ready.stats());
            note_parts(&self.told);
            note_degraded(&answer::told(operation, ready.stats(), &mut body));
        }
        body.push(b'}');
        Some(body.into())
    }
}
