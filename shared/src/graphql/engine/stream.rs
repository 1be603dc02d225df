//! Operations as streams of answers: a subscription's events, or the one answer of a query or a mutation.

use super::{Engine, Ready, note_codes, note_degraded, refuse};
use crate::{
    fanout::{Execution, Fault, Operation, Stats},
    graphql::{
        answer::{self, Answer},
        document::{Refusal, Refusals},
        incremental::{Form, Variant},
        operation::GraphqlRequest,
        run::{Ran, Told},
    },
    quota::{Quota, Refused},
    request::RequestContext,
};
use async_graphql::{PathSegment, Response, Variables, parser::types::OperationType};
use futures::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};
use std::{panic::AssertUnwindSafe, sync::Arc};

impl Engine {
    /// Runs any operation. An answer that is [`Refused`](answer::Verdict::Refused) is the last: nothing ran, or what ran
    /// does not go on. What the operation puts off comes in parts of this form.
    pub(in crate::graphql) fn stream(
        &self,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        form: Option<Form>,
    ) -> BoxStream<'static, Answer> {
        match self.begun(request, context, form) {
            Ok(begun) => self.streamed(begun),
            Err(refusals) => alone(answer::refused(&refusals)),
        }
    }

    /// The same for what must not change anything. None: it is a mutation.
    pub(in crate::graphql) fn stream_safe(
        &self,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        form: Option<Form>,
    ) -> Option<BoxStream<'static, Answer>> {
        match self.begun(request, context, form) {
            Ok(begun) if begun.ready.operation().operation.ty == OperationType::Mutation => None,
            Ok(begun) => Some(self.streamed(begun)),
            Err(refusals) => Some(alone(answer::refused(&refusals))),
        }
    }

    fn begun(
        &self,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        form: Option<Form>,
    ) -> Result<Begun, Refusals> {
        let asked = self.asked(request, &context)?;
        if let Some(form) = form
            && let Some((ready, variant)) = self.cut(&asked, request, &context, form)
        {
            return Ok(Begun { ready, cut: Some((variant, form)) });
        }
        let coerced = self.coerce(&asked, request).map_err(refuse)?;
        Ok(Begun { ready: self.ready(asked, coerced.variables, context, self.stats()), cut: None })
    }

    fn streamed(&self, begun: Begun) -> BoxStream<'static, Answer> {
        let Begun { ready, cut } = begun;
        if let Some((variant, form)) = cut {
            let engine = self.clone();
            let answers = async move { engine.first_part(ready, variant, form).await.answers() };
            return answers.flatten_stream().boxed();
        }
        if ready.operation().operation.ty != OperationType::Subscription {
            let engine = self.clone();
            let answer = async move {
                match engine.quota() {
                    Some(quota) => engine.metered(quota, &ready).await,
                    None => engine.run(&ready).await,
                }
            };
            return answer.map(noted).into_stream().boxed();
        }
        match self.quota() {
            Some(quota) => self.paid(quota.clone(), ready),
            None => self.events(&ready),
        }
    }

    /// A subscription whose client pays for each event before it is waited for.
    fn paid(&self, quota: Quota, ready: Ready) -> BoxStream<'static, Answer> {
        let paying = Paying { events: self.events(&ready), engine: self.clone(), quota, ready, over: false };
        stream::unfold(paying, |mut paying| async move { Some((paying.next().await?, paying)) }).boxed()
    }

    fn events(&self, ready: &Ready) -> BoxStream<'static, Answer> {
        let asking = ready.asking(None);
        let execution = asking.execution.clone();
        let responses = self.0.runner.stream(asking);
        let (variables, stats) = (ready.variables.clone(), ready.stats.clone());
        let operation = execution.operation.clone();
        let events = Events { responses, operation, variables, stats, execution, over: false };
        stream::unfold(events, |mut events| async move { Some((events.next().await?, events)) }).boxed()
    }
}

/// An operation that may run, and how it is cut.
struct Begun {
    ready: Ready,
    cut: Option<(Arc<Variant>, Form)>,
}

fn alone(answer: Answer) -> BoxStream<'static, Answer> {
    stream::iter([noted(answer)]).boxed()
}

fn noted(answer: Answer) -> Answer {
    note_codes(&answer);
    note_degraded(&answer.degraded);
    answer
}

/// A subscription and its client's account.
struct Paying {
    events: BoxStream<'static, Answer>,
    engine: Engine,
    quota: Quota,
    ready: Ready,
    over: bool,
}

impl Paying {
    async fn next(&mut self) -> Option<Answer> {
        if self.over {
            return None;
        }
        if let Err(Refused { fault, .. }) = self.engine.charged(&self.quota, &self.ready).await {
            self.over = true;
            return Some(noted(answer::refused(&[Refusal { fault, at: None }])));
        }
        self.events.next().await
    }
}

/// A subscription that runs.
struct Events {
    responses: BoxStream<'static, Box<Told>>,
    operation: Arc<Operation>,
    variables: Variables,
    stats: Arc<Stats>,
    execution: Arc<Execution>,
    over: bool,
}

impl Events {
    async fn next(&mut self) -> Option<Answer> {
        if self.over {
            return None;
        }
        // A panic ends this subscription with a masked error, and nothing else.
        let next = AssertUnwindSafe(self.responses.next()).catch_unwind().await;
        Some(noted(match next {
            Err(_) => {
                self.over = true;
                answer::refused_at(&self.operation, &self.variables, self.panicked())
            }
            Ok(None) => {
                let fault = self.execution.end()?;
                self.ended(fault)
            }
            Ok(Some(told)) => match *told {
                Told::NoStream(response) => {
                    self.over = true;
                    answer::refused_at(&self.operation, &self.variables, response)
                }
                // Also one of which nothing came but errors: the next may be another.
                Told::Event(response) => {
                    let ran = Ran::of(&self.operation.selected(&self.variables), response);
                    answer::executed(&self.operation, &self.variables, ran, &self.stats)
                }
            },
        }))
    }

    /// At its root: there is one (§5.2.4.1).
    fn panicked(&self) -> Response {
        let root = self.operation.selected(&self.variables).into_iter().next();
        let (pos, path) =
            root.map(|root| (root.pos, vec![PathSegment::Field(root.key.to_string())])).unwrap_or_default();
        Response::from_errors(vec![Fault::internal().at(pos, path)])
    }

    /// It is over, and that is why.
    fn ended(&mut self, fault: Fault) -> Answer {
        self.over = true;
        answer::refused(&[Refusal { fault, at: None }])
    }
}
