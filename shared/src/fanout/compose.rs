//! Answers that need more than one step: a question after a question, two at once, a leaf told by an upstream.

use super::{
    Bubble, Compiler, Cx, Deferred, Fault, Gathering, Leaf, Merged, Out, Path, Place, Question, Scope, Shape,
    ask::{Ask, Asking, answers, distinct, policies},
    fence::fenced,
    policy::{Degraded, Marks},
    write::Written,
};
use crate::request::RequestContext;
use futures::{
    FutureExt,
    future::{BoxFuture, join},
};
use std::sync::Arc;

/// Something that must be known first.
pub trait Step: Clone + Send + Sync + 'static {
    /// What it tells.
    type Told<'p>: Send;
    /// The caller's, if anything it asks is.
    const SCOPE: Scope;
    /// Answers for all rows at once; the `i`th answer is the `i`th step's. `place` is where they ask.
    fn tell<'p>(
        steps: Vec<Self>,
        place: &'p Place,
        cx: &'p Cx<'p>,
    ) -> BoxFuture<'p, Vec<Answered<Self::Told<'p>>>>;
}

/// What a step tells of a row, or why it does not.
pub type Answered<T> = Result<Answer<T>, Fault>;

/// What a step tells of a row.
pub struct Answer<T> {
    told: T,
    /// It is less than it should be.
    degraded: Option<Degraded>,
}

impl<Q: Question, S: Shape> Step for Ask<Q, S> {
    /// The question's rows, in the upstream's order.
    type Told<'p> = Vec<&'p Q::Row>;
    const SCOPE: Scope = Q::SCOPE;

    fn tell<'p>(
        steps: Vec<Self>,
        place: &'p Place,
        cx: &'p Cx<'p>,
    ) -> BoxFuture<'p, Vec<Answered<Self::Told<'p>>>> {
        let policies = policies::<Q>(steps.iter().map(|step| &step.policy), cx);
        let (distinct, of_row) = distinct(steps.into_iter().map(|step| step.question));
        async move {
            let answers = answers::<Q>(&distinct, place, cx).await;
            let tell = |(row, at)| {
                let at: usize = at;
                match answers.get(at).ok_or_else(Fault::internal)? {
                    Ok(found) => {
                        let mut rows = Vec::new();
                        found.push_to(&mut rows);
                        Ok(Answer { told: rows, degraded: found.degraded() })
                    }
                    Err(fault) => {
                        let policy = policies.as_ref().and_then(|policies| policies.get::<usize>(row));
                        let (told, degraded) = policy
                            .zip(distinct.get(at))
                            .and_then(|(policy, question)| policy.instead(question, fault, cx))
                            .ok_or_else(|| fault.clone())?;
                        Ok(Answer { told, degraded: Some(degraded) })
                    }
                }
            };
            of_row.into_iter().enumerate().map(tell).collect()
        }
        .boxed()
    }
}

/// Two steps at once: what both tell, or the first failure.
#[derive(Clone)]
pub struct Join<A: Step, B: Step>(A, B);

impl<A: Step, B: Step> Step for Join<A, B> {
    type Told<'p> = (A::Told<'p>, B::Told<'p>);
    const SCOPE: Scope = A::SCOPE.and(B::SCOPE);

    fn tell<'p>(
        steps: Vec<Self>,
        place: &'p Place,
        cx: &'p Cx<'p>,
    ) -> BoxFuture<'p, Vec<Answered<Self::Told<'p>>>> {
        let (a, b): (Vec<A>, Vec<B>) = steps.into_iter().map(|Join(a, b)| (a, b)).unzip();
        async move {
            let (a, b) = join(A::tell(a, place, cx), B::tell(b, place, cx)).await;
            let both = |(a, b): (Answered<A::Told<'p>>, Answered<B::Told<'p>>)| {
                let (a, b) = (a?, b?);
                Ok(Answer { told: (a.told, b.told), degraded: a.degraded.or(b.degraded) })
            };
            a.into_iter().zip(b).map(both).collect()
        }
        .boxed()
    }
}

type Next<P, A> = Arc<dyn for<'p> Fn(<P as Step>::Told<'p>, &RequestContext) -> A + Send + Sync>;

/// Once the first step is answered, the next: another question, rows made of the answer, or a leaf.
pub struct Then<P: Step, A: Asking> {
    first: P,
    next: Next<P, A>,
}

/// A leaf that an upstream tells, such as a count that another service keeps.
pub type Told<Q, V> = Then<Ask<Q>, Just<V>>;

impl<P: Step, A: Asking> Clone for Then<P, A> {
    fn clone(&self) -> Self {
        Self { first: self.first.clone(), next: self.next.clone() }
    }
}

impl<Q: Question, S: Shape> Ask<Q, S> {
    /// Asks on, knowing this question's rows.
    pub fn then<A: Asking>(
        self,
        next: impl for<'p> Fn(Vec<&'p Q::Row>, &RequestContext) -> A + Send + Sync + 'static,
    ) -> Then<Self, A> {
        Then { first: self, next: Arc::new(next) }
    }

    /// Makes a leaf of this question's rows.
    pub fn tell<V: Leaf + Clone + 'static>(
        self,
        tell: impl for<'p> Fn(Vec<&'p Q::Row>, &RequestContext) -> V + Send + Sync + 'static,
    ) -> Then<Self, Just<V>> {
        Then { first: self, next: Arc::new(move |rows, request| Just(tell(rows, request))) }
    }

    /// Asks two questions at once.
    pub fn join<B: Step>(self, other: B) -> Join<Self, B> {
        Join(self, other)
    }
}

impl<X: Step, Y: Step> Join<X, Y> {
    /// Asks on, knowing both answers.
    pub fn then<A: Asking>(
        self,
        next: impl for<'p> Fn((X::Told<'p>, Y::Told<'p>), &RequestContext) -> A + Send + Sync + 'static,
    ) -> Then<Self, A> {
        Then { first: self, next: Arc::new(next) }
    }

    /// Makes a leaf of both answers.
    pub fn tell<V: Leaf + Clone + 'static>(
        self,
        tell: impl for<'p> Fn((X::Told<'p>, Y::Told<'p>), &RequestContext) -> V + Send + Sync + 'static,
    ) -> Then<Self, Just<V>> {
        Then { first: self, next: Arc::new(move |told, request| Just(tell(told, request))) }
    }
}

impl<P: Step, A: Asking> Asking for Then<P, A> {
    type Plan = Second<A>;
    const NULLABLE: bool = A::NULLABLE;

    fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self::Plan, Fault> {
        compiler.asks(P::SCOPE);
        Ok(Second { first: compiler.beside().place(), plan: A::compile(&compiler.deeper(), merged)? })
    }

    fn gather<'p>(
        asks: Vec<Self>,
        plan: &'p Self::Plan,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Box<dyn Written + 'p>> {
        let (first, next): (Vec<P>, Vec<Next<P, A>>) =
            asks.into_iter().map(|ask| (ask.first, ask.next)).unzip();
        Gathering::Later(
            async move {
                let answers = P::tell(first, &plan.first, cx).await;
                let mut asks = Vec::with_capacity(answers.len());
                let mut marks = Marks::default();
                let of_row = answers
                    .into_iter()
                    .zip(next)
                    .enumerate()
                    .map(|(row, (answer, next))| {
                        let Answer { told, degraded } = answer?;
                        asks.push(fenced(|| next(told, cx.request))?);
                        if let Some(degraded) = degraded {
                            marks.put(row, degraded);
                        }
                        Ok(asks.len() - 1)
                    })
                    .collect();
                let inner = A::gather(asks, &plan.plan, cx).wait().await;
                Box::new(Followed { of_row, inner, marks, nullable: A::NULLABLE }) as Box<dyn Written + 'p>
            }
            .boxed(),
        )
    }
}

/// What is compiled of the second step.
pub struct Second<A: Asking> {
    first: Place,
    plan: A::Plan,
}

/// What was asked for some rows; others have a failure instead.
pub(super) struct Followed<'p> {
    of_row: Vec<Result<usize, Fault>>,
    inner: Box<dyn Written + 'p>,
    marks: Marks,
    nullable: bool,
}

impl<'p> Followed<'p> {
    /// For all rows but these, in their order, so many were asked.
    pub fn but(panicked: &[usize], asked: usize, inner: Box<dyn Written + 'p>, nullable: bool) -> Self {
        let mut asks = 0..asked;
        let of_row = (0..asked + panicked.len()).map(|row| match panicked.binary_search(&row) {
            Ok(_) => Err(Fault::internal()),
            Err(_) => asks.next().ok_or_else(Fault::internal),
        });
        Self { of_row: of_row.collect(), inner, marks: Marks::default(), nullable }
    }
}

impl Written for Followed<'_> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        if let Some(degraded) = self.marks.of(i) {
            out.degrade(degraded, path);
        }
        match self.of_row.get(i) {
            Some(Ok(at)) => self.inner.write(*at, out, path),
            Some(Err(fault)) => {
                out.fail(fault, path.pos(), path);
                out.null_or_bubble(out.buf.len(), self.nullable)
            }
            None => {
                out.fail(&Fault::internal(), path.pos(), path);
                out.null_or_bubble(out.buf.len(), self.nullable)
            }
        }
    }

    fn deferred<'s>(&'s self, found: &mut Deferred<'s>) {
        self.inner.deferred(found);
    }
}

/// A leaf's value, where something to ask is wanted. `Just<Option<V>>` may be null, `Just<V>` may not.
#[derive(Clone)]
pub struct Just<V>(pub V);

impl<V: Leaf + Clone + 'static> Asking for Just<V> {
    type Plan = ();
    const NULLABLE: bool = V::NULLABLE;

    fn compile(_: &Compiler<'_>, _: &Merged<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn gather<'p>(asks: Vec<Self>, (): &'p (), _: &'p Cx<'p>) -> Gathering<'p, Box<dyn Written + 'p>> {
        Gathering::Ready(Box::new(asks))
    }
}

impl<V: Leaf> Written for Vec<Just<V>> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        match self.get(i) {
            Some(Just(value)) => value.put(out, path),
            None => {
                out.fail(&Fault::internal(), path.pos(), path);
                Err(Bubble)
            }
        }
    }
}
