//! What edges and roots return: a question to be answered, or rows at hand.

use super::{
    Bubble, Compiler, Cx, Deferred, Fault, Gathering, Keep, Merged, Out, Path, Place, Question, Row, Shape,
    loader::Seat,
    policy::{Degraded, Marks, Policy},
    write::Written,
};
use futures::{FutureExt, future::join_all};
use rustc_hash::FxHashMap;
use std::{cell::Cell, marker::PhantomData, sync::Arc};

/// Something that is answered for all rows of a level at once.
pub trait Asking: Clone + Send + Sync + Sized + 'static {
    /// What is compiled of the selection below.
    type Plan: Send + Sync + 'static;
    /// The answer may be null.
    const NULLABLE: bool;

    /// Compiles the selection below.
    fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self::Plan, Fault>;
    /// Answers; the `i`th of `asks` is the `i`th row's, and is written by `write(i)`.
    fn gather<'p>(
        asks: Vec<Self>,
        plan: &'p Self::Plan,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Box<dyn Written + 'p>>;
}

/// A question, to be answered in a batch, with everything selected below its rows.
pub struct Ask<Q: Question, S: Shape = <Q as Question>::Shape> {
    pub(super) question: Q,
    pub(super) policy: Policy<Q::Row>,
    shape: PhantomData<fn() -> S>,
}

impl<Q: Question, S: Shape> Clone for Ask<Q, S> {
    fn clone(&self) -> Self {
        Self { question: self.question.clone(), policy: self.policy.clone(), shape: PhantomData }
    }
}

impl<Q: Question, S: Shape> Ask<Q, S> {
    /// The question: so that an edge can be tested without a server.
    pub fn question(&self) -> &Q {
        &self.question
    }
}

/// Every question can be asked.
pub trait IntoAsk: Question {
    /// As the return type says: in the question's own shape, or another.
    fn ask<S: Shape>(self) -> Ask<Self, S> {
        Ask { question: self, policy: Policy::AsShaped, shape: PhantomData }
    }
}
impl<Q: Question> IntoAsk for Q {}

impl<Q: Question, S: Shape> Asking for Ask<Q, S> {
    type Plan = Below<Q::Row>;
    const NULLABLE: bool = S::NULLABLE;

    fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self::Plan, Fault> {
        compiler.asks(Q::SCOPE);
        Below::compile(compiler, merged)
    }

    fn gather<'p>(
        asks: Vec<Self>,
        plan: &'p Self::Plan,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Box<dyn Written + 'p>> {
        if asks.is_empty() {
            return Gathering::Ready(Box::new(()));
        }
        let policies = policies::<Q>(asks.iter().map(|ask| &ask.policy), cx);
        let (distinct, mut of_row) = distinct(asks.into_iter().map(|ask| ask.question));
        Gathering::Later(
            async move {
                let answers = answers::<Q>(&distinct, &plan.place, cx).await;
                let plan = &plan.rows;
                let mut rows: Vec<&'p Q::Row> = Vec::with_capacity(distinct.len());
                let mut marks = Marks::default();
                let mut slots: Vec<_> = answers
                    .into_iter()
                    .enumerate()
                    .map(|(slot, answer)| {
                        let (from, found) = (rows.len(), answer?);
                        found.push_to(&mut rows);
                        if let Some(degraded) = found.degraded() {
                            marks.put(slot, degraded);
                        }
                        if !S::MANY {
                            rows.truncate(from + 1);
                        }
                        Ok((from, rows.len()))
                    })
                    .collect();
                for (slot, policy) in of_row.iter_mut().zip(policies.iter().flatten()) {
                    let (Some(Err(fault)), Some(question)) = (slots.get(*slot), distinct.get(*slot)) else {
                        continue;
                    };
                    let Some((instead, degraded)) = policy.instead(question, fault, cx) else { continue };
                    let from = rows.len();
                    rows.extend(instead.into_iter().take(if S::MANY { usize::MAX } else { 1 }));
                    *slot = slots.len();
                    marks.put(*slot, degraded);
                    slots.push(Ok((from, rows.len())));
                }
                let remembered = Remembered::for_all(slots.len());
                let level = Q::Row::gather(plan, rows, cx).wait().await;
                Box::new(Rows::<Q::Row, S> {
                    of_row,
                    slots,
                    level,
                    plan,
                    remembered,
                    marks,
                    shape: PhantomData,
                }) as Box<dyn Written + 'p>
            }
            .boxed(),
        )
    }
}

/// What is compiled below a question.
pub struct Below<R: Row> {
    /// Where the question itself is asked.
    pub(super) place: Place,
    pub(super) rows: R::Plan,
}

impl<R: Row> Below<R> {
    pub(super) fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self, Fault> {
        Ok(Self { place: compiler.place(), rows: R::compile(&compiler.deeper(), &merged.occurrences())? })
    }
}

/// The policies of a level's asks; none, if all are as shaped.
pub(super) fn policies<'a, Q: Question>(
    policies: impl Iterator<Item = &'a Policy<Q::Row>> + Clone,
    cx: &Cx<'_>,
) -> Option<Vec<Policy<Q::Row>>> {
    if policies.clone().all(Policy::is_as_shaped) {
        return None;
    }
    if policies.clone().any(Policy::is_stale) {
        cx.loader.takes_stale::<Q>();
    }
    Some(policies.cloned().collect())
}

/// Distinct questions, and which of them each row asked.
pub(super) fn distinct<Q: Question>(questions: impl ExactSizeIterator<Item = Q>) -> (Vec<Q>, Vec<usize>) {
    if questions.len() == 1 {
        // As at a root: nothing to find twice.
        return (questions.collect(), vec![0]);
    }
    let mut places: FxHashMap<Q, usize> = FxHashMap::default();
    places.reserve(questions.len());
    let mut distinct = Vec::with_capacity(questions.len());
    let of_row = questions
        .map(|question| {
            *places.entry(question).or_insert_with_key(|question| {
                distinct.push(question.clone());
                distinct.len() - 1
            })
        })
        .collect();
    (distinct, of_row)
}

/// A question's rows, on the page that has them.
pub(super) struct Found<'p, Q: Question> {
    page: &'p super::Page<Q>,
    place: usize,
}

impl<'p, Q: Question> Found<'p, Q> {
    /// Its rows stand in for newer ones that the upstream fails to give.
    pub fn degraded(&self) -> Option<Degraded> {
        self.page.stale(self.place).map(Degraded::stale)
    }

    pub fn push_to(&self, rows: &mut Vec<&'p Q::Row>) {
        if let Ok(answer) = self.page.answer(self.place) {
            rows.extend(answer);
        }
    }
}

/// Asks distinct questions and waits for all of them.
pub(super) async fn answers<'p, Q: Question>(
    questions: &[Q],
    place: &Place,
    cx: &'p Cx<'p>,
) -> Vec<Result<Found<'p, Q>, Fault>> {
    let (flights, seats) = cx.loader.ask(questions, place);
    let landed: Vec<_> = if flights.len() == 1 {
        let mut landed = Vec::with_capacity(1);
        for flight in flights {
            landed.push(flight.land().await);
        }
        landed
    } else {
        join_all(flights.into_iter().map(super::flight::Flight::land)).await
    };
    if let Some(strictest) = cx.loader.stats().strictest() {
        landed.iter().for_each(|page| strictest.read(page.as_ref().map_or(Keep::Never, |page| page.keep())));
    }
    let pages: Vec<Result<&'p super::Page<Q>, Fault>> =
        landed.into_iter().map(|page| page.map(|page| cx.arena.keep(page))).collect();
    seats
        .into_iter()
        .map(|Seat { flight, place }| {
            let page = *pages.get(flight).ok_or_else(Fault::internal)?.as_ref().map_err(Clone::clone)?;
            page.answer(place).map_err(Clone::clone).map(|_| Found { page, place })
        })
        .collect()
}

/// Answered questions of one level with everything below.
struct Rows<'p, R: Row, S> {
    /// Which slot each row of the level above asked for.
    of_row: Vec<usize>,
    /// From and to in the level.
    slots: Vec<Result<(usize, usize), Fault>>,
    level: R::Level<'p>,
    plan: &'p R::Plan,
    remembered: Vec<Remembered>,
    marks: Marks,
    shape: PhantomData<fn() -> S>,
}

impl<R: Row, S: Shape> Written for Rows<'_, R, S> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let asked = self.of_row.get(i).copied().unwrap_or(usize::MAX);
        let (Some(slot), Some(remembered)) = (self.slots.get(asked), self.remembered.get(asked)) else {
            out.fail(&Fault::internal(), path.pos(), path);
            return out.null_or_bubble(out.buf.len(), S::NULLABLE);
        };
        if remembered.copy(out) {
            return if out.is_full() { Err(Bubble) } else { Ok(()) };
        }
        let start = out.buf.len();
        let told = out.told();
        if let Some(degraded) = self.marks.of(asked) {
            out.degrade(degraded, path);
        }
        let written = match slot {
            Ok((from, to)) => write_rows::<R, S>(self.plan, &self.level, *from, *to, out, path),
            Err(fault) => {
                out.fail(fault, path.pos(), path);
                Err(Bubble)
            }
        };
        match written {
            Ok(()) => {
                if out.told() == told {
                    remembered.set(start, out);
                }
                Ok(())
            }
            Err(Bubble) => out.null_or_bubble(start, S::NULLABLE),
        }
    }

    fn deferred<'s>(&'s self, found: &mut Deferred<'s>) {
        R::deferred(self.plan, &self.level, found);
    }
}

/// Writes the rows `from..to` of a level in a shape.
pub(super) fn write_rows<R: Row, S: Shape>(
    plan: &R::Plan,
    level: &R::Level<'_>,
    from: usize,
    to: usize,
    out: &mut Out,
    path: &Path<'_>,
) -> Result<(), Bubble> {
    if !S::MANY {
        if from < to {
            return R::write(plan, level, from, out, path);
        }
        if S::NULLABLE {
            out.null();
            return Ok(());
        }
        out.fail(
            &Fault::new(super::Code::UpstreamBadResponse, "Something that must exist does not."),
            path.pos(),
            path,
        );
        return Err(Bubble);
    }
    out.buf.push(b'[');
    for (index, row) in (from..to).enumerate() {
        if index > 0 {
            out.buf.push(b',');
        }
        let start = out.buf.len();
        if R::write(plan, level, row, out, &path.index(index)).is_err() {
            out.null_or_bubble(start, S::ITEM_NULLABLE)?;
        }
    }
    out.buf.push(b']');
    Ok(())
}

/// Where an answer without errors was written, so that the next row with the same question copies the bytes.
///
/// The place holds as long as no text was taken back since (an epoch of [`Out`]).
struct Remembered(Cell<Option<(u32, u32, u32)>>);

impl Remembered {
    fn for_all(slots: usize) -> Vec<Self> {
        (0..slots).map(|_| Self(Cell::new(None))).collect()
    }

    fn set(&self, start: usize, out: &Out) {
        if let (Ok(from), Ok(to)) = (u32::try_from(start), u32::try_from(out.buf.len())) {
            self.0.set(Some((out.epoch, from, to)));
        }
    }

    fn copy(&self, out: &mut Out) -> bool {
        match self.0.get() {
            Some((epoch, from, to)) if epoch == out.epoch => {
                let (from, to) = (from as usize, to as usize);
                if !out.lacks(to - from) {
                    out.buf.extend_from_within(from..to);
                }
                true
            }
            _ => false,
        }
    }
}

/// Nothing was asked, so nothing is ever written.
impl Written for () {
    fn write(&self, _: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        out.fail(&Fault::internal(), path.pos(), path);
        Err(Bubble)
    }
}

/// Perhaps something to ask: null, where there is not.
impl<A: Asking> Asking for Option<A> {
    type Plan = A::Plan;
    const NULLABLE: bool = true;

    fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self::Plan, Fault> {
        A::compile(compiler, merged)
    }

    fn gather<'p>(
        asks: Vec<Self>,
        plan: &'p Self::Plan,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Box<dyn Written + 'p>> {
        let mut some = Vec::with_capacity(asks.len());
        let of_row = asks
            .into_iter()
            .map(|ask| {
                some.push(ask?);
                Some(some.len() - 1)
            })
            .collect();
        A::gather(some, plan, cx).map(|inner| Box::new(Perhaps { of_row, inner }) as Box<dyn Written + 'p>)
    }
}

struct Perhaps<'p> {
    of_row: Vec<Option<usize>>,
    inner: Box<dyn Written + 'p>,
}

impl Written for Perhaps<'_> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let start = out.buf.len();
        match self.of_row.get(i).copied().flatten() {
            Some(at) => match self.inner.write(at, out, path) {
                Ok(()) => Ok(()),
                Err(Bubble) => out.null_or_bubble(start, true),
            },
            None => {
                out.null();
                Ok(())
            }
        }
    }

    fn deferred<'s>(&'s self, found: &mut Deferred<'s>) {
        self.inner.deferred(found);
    }
}

/// Rows that are there already: the payload of a mutation, an event of a subscription, a value made of others.
pub struct Have<R: Row, S: Shape = super::One> {
    rows: Arc<Vec<R>>,
    shape: PhantomData<fn() -> S>,
}

impl<R: Row, S: Shape> Clone for Have<R, S> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), shape: PhantomData }
    }
}

impl<R: Row> Have<R, super::One> {
    /// One row.
    pub fn one(row: R) -> Self {
        Self { rows: Arc::new(vec![row]), shape: PhantomData }
    }
}
impl<R: Row> Have<R, super::Maybe> {
    /// One row, or null.
    pub fn maybe(row: Option<R>) -> Self {
        Self { rows: Arc::new(row.into_iter().collect()), shape: PhantomData }
    }
}
impl<R: Row> Have<R, super::Many> {
    /// A list.
    pub fn many(rows: Vec<R>) -> Self {
        Self { rows: Arc::new(rows), shape: PhantomData }
    }
}
impl<R: Row> Have<R, super::OptionalMany> {
    /// A list made of an answer that may be missing: `[T!]`, null where what was asked before it failed.
    pub fn list(rows: Vec<R>) -> Self {
        Self { rows: Arc::new(rows), shape: PhantomData }
    }
}

impl<R: Row, S: Shape> Asking for Have<R, S> {
    type Plan = R::Plan;
    const NULLABLE: bool = S::NULLABLE;

    fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self::Plan, Fault> {
        R::compile(compiler, &merged.occurrences())
    }

    fn gather<'p>(
        asks: Vec<Self>,
        plan: &'p Self::Plan,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Box<dyn Written + 'p>> {
        let mut rows: Vec<&'p R> = Vec::with_capacity(asks.len());
        let slots: Vec<Option<(usize, usize)>> = asks
            .into_iter()
            .map(|have| {
                let from = rows.len();
                rows.extend(cx.arena.keep(have.rows));
                Some((from, rows.len()))
            })
            .collect();
        R::gather(plan, rows, cx).map(|level| {
            Box::new(At::<R, S> { slots, level, plan, shape: PhantomData }) as Box<dyn Written + 'p>
        })
    }
}

/// Rows at hand: each row of the level above has its own.
pub(super) struct At<'p, R: Row, S> {
    /// From and to in the level; None is null.
    pub slots: Vec<Option<(usize, usize)>>,
    pub level: R::Level<'p>,
    pub plan: &'p R::Plan,
    pub shape: PhantomData<fn() -> S>,
}

impl<R: Row, S: Shape> Written for At<'_, R, S> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let start = out.buf.len();
        let Some((from, to)) = self.slots.get(i).copied().flatten() else {
            return out.null_or_bubble(start, S::NULLABLE);
        };
        match write_rows::<R, S>(self.plan, &self.level, from, to, out, path) {
            Ok(()) => Ok(()),
            Err(Bubble) => out.null_or_bubble(start, S::NULLABLE),
        }
    }

    fn deferred<'s>(&'s self, found: &mut Deferred<'s>) {
        R::deferred(self.plan, &self.level, found);
    }
}
