//! Several questions of one row, for an upstream's list of ids: all rows' questions still go out in one batch.

use super::{
    Bubble, Compiler, Cx, Deferred, Fault, Gathering, Merged, OptionalMany, Out, Path, Question, Row, Shape,
    ask::{Asking, Below, answers, distinct, policies, write_rows},
    policy::{Marks, Policy},
    write::Written,
};
use futures::FutureExt;

/// The rows that answer several questions, as `[T!]` in the order of the questions. What is not there is left out; a
/// failure makes the list null.
pub struct AskEach<Q: Question> {
    questions: Vec<Q>,
    pub(super) policy: Policy<Q::Row>,
}

impl<Q: Question> Clone for AskEach<Q> {
    fn clone(&self) -> Self {
        Self { questions: self.questions.clone(), policy: self.policy.clone() }
    }
}

impl<Q: Question> AskEach<Q> {
    /// These questions, in this order.
    pub fn of(questions: impl IntoIterator<Item = Q>) -> Self {
        Self { questions: questions.into_iter().collect(), policy: Policy::AsShaped }
    }

    /// The questions: so that an edge can be tested without a server.
    pub fn questions(&self) -> &[Q] {
        &self.questions
    }
}

impl<Q: Question> Asking for AskEach<Q> {
    type Plan = Below<Q::Row>;
    const NULLABLE: bool = OptionalMany::NULLABLE;

    fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self::Plan, Fault> {
        compiler.asks(Q::SCOPE);
        Below::compile(compiler, merged)
    }

    fn gather<'p>(
        asks: Vec<Self>,
        plan: &'p Self::Plan,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Box<dyn Written + 'p>> {
        let policies = policies::<Q>(asks.iter().map(|ask| &ask.policy), cx);
        let counts: Vec<usize> = asks.iter().map(|ask| ask.questions.len()).collect();
        let all: Vec<Q> = asks.into_iter().flat_map(|ask| ask.questions).collect();
        let (distinct, of_question) = distinct(all.into_iter());
        Gathering::Later(
            async move {
                let answers = if distinct.is_empty() {
                    Vec::new()
                } else {
                    answers::<Q>(&distinct, &plan.place, cx).await
                };
                let plan = &plan.rows;
                let mut rows: Vec<&'p Q::Row> = Vec::with_capacity(of_question.len());
                let mut of_question = of_question.into_iter();
                let mut marks = Marks::default();
                let slots = counts
                    .into_iter()
                    .enumerate()
                    .map(|(row, count)| {
                        let policy = policies.as_ref().and_then(|policies| policies.get::<usize>(row));
                        let from = rows.len();
                        let (mut failed, mut degraded) = (None, None);
                        for at in of_question.by_ref().take(count) {
                            match (answers.get(at), distinct.get(at)) {
                                (Some(Ok(found)), _) => {
                                    found.push_to(&mut rows);
                                    degraded = found.degraded().or(degraded);
                                }
                                (Some(Err(fault)), Some(question)) => {
                                    match policy.and_then(|policy| policy.instead(question, fault, cx)) {
                                        Some((kept, stale)) if policy.is_some_and(Policy::is_stale) => {
                                            rows.extend(kept);
                                            degraded = Some(stale);
                                        }
                                        // One that nothing stands in for fails the list.
                                        _ if matches!(failed, Some((_, None))) => {}
                                        whole => failed = Some((fault.clone(), whole)),
                                    }
                                }
                                _ => failed = Some((Fault::internal(), None)),
                            }
                        }
                        if let Some((fault, whole)) = failed {
                            rows.truncate(from);
                            let (instead, policy) = whole.ok_or(fault)?;
                            rows.extend(instead);
                            degraded = Some(policy);
                        }
                        if let Some(degraded) = degraded {
                            marks.put(row, degraded);
                        }
                        Ok((from, rows.len()))
                    })
                    .collect();
                let level = Q::Row::gather(plan, rows, cx).wait().await;
                Box::new(Lists::<Q::Row> { slots, level, plan, marks }) as Box<dyn Written + 'p>
            }
            .boxed(),
        )
    }
}

struct Lists<'p, R: Row> {
    /// From and to in the level, by the row that asked.
    slots: Vec<Result<(usize, usize), Fault>>,
    level: R::Level<'p>,
    plan: &'p R::Plan,
    marks: Marks,
}

impl<R: Row> Written for Lists<'_, R> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let start = out.buf.len();
        if let Some(degraded) = self.marks.of(i) {
            out.degrade(degraded, path);
        }
        let written = match self.slots.get(i) {
            Some(Ok((from, to))) => {
                write_rows::<R, OptionalMany>(self.plan, &self.level, *from, *to, out, path)
            }
            Some(Err(fault)) => {
                out.fail(fault, path.pos(), path);
                Err(Bubble)
            }
            None => {
                out.fail(&Fault::internal(), path.pos(), path);
                Err(Bubble)
            }
        };
        written.or_else(|Bubble| out.null_or_bubble(start, OptionalMany::NULLABLE))
    }

    fn deferred<'s>(&'s self, found: &mut Deferred<'s>) {
        R::deferred(self.plan, &self.level, found);
    }
}
