//! What is cut off an object, and how that is answered later: for all rows of a level at once.

use super::{
    super::{
        Cx, Fault, ObjectPlan, Out, Path,
        gather::{Gathered, Level, gather_object},
        plan::{Collected, Compiler, compile_fields},
        root::too_long,
        row::Entity,
        write::write_object,
    },
    cutting::{Cutting, Set, SetId, Usage},
    delivery::{Delivery, Settled},
    owed::GroupId,
};
use async_graphql::{PathSegment, Pos};
use futures::{
    FutureExt,
    future::{BoxFuture, join, join_all},
};
use rustc_hash::FxHashMap;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// What of an object's fields comes later.
pub struct Cut<R> {
    pub(in super::super) shown: Arc<Shown>,
    /// As many as there are sets.
    parts: Vec<ObjectPlan<R>>,
}

/// What a client is told of a cut.
#[derive(Debug, Default)]
pub struct Shown {
    /// The fragments that begin here, outer ones first.
    pub(super) usages: Vec<Arc<Usage>>,
    /// For each part, the fragments that wait for it.
    pub(super) sets: Vec<Set>,
}

impl Shown {
    /// How many begin here.
    pub(in super::super) fn fragments(&self) -> usize {
        self.usages.len()
    }

    pub(crate) fn new(cutting: &Cutting, usages: Vec<Arc<Usage>>, sets: impl Iterator<Item = SetId>) -> Self {
        Self { usages, sets: sets.map(|set| cutting.set(set)).collect() }
    }
}

/// Where an object with a cut stands in the answer.
#[derive(Clone, Debug)]
pub struct CutAt {
    /// Unlike any other's that this process has seen.
    pub serial: u64,
    pub path: Arc<[PathSegment]>,
    pub pos: Pos,
    pub shown: Arc<Shown>,
    /// The level it is a row of.
    pub level: u64,
    pub row: usize,
    /// Where in the text it stands: when that is taken back, so is this.
    pub at: usize,
}

impl CutAt {
    /// Of the operation's own roots.
    pub(crate) fn of_roots(shown: Arc<Shown>) -> Self {
        let path = Arc::from([]);
        Self { serial: next_serial(), path, pos: Pos::default(), shown, level: 0, row: 0, at: 0 }
    }
}

/// A number that was not given before.
pub fn next_serial() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

/// Compiles an object's selection, and apart from it what comes later.
pub fn compile_cut<R: Entity>(
    compiler: &Compiler<'_>,
    cutting: &Cutting,
    collected: Collected<'_>,
) -> Result<ObjectPlan<R>, Fault> {
    let split = cutting.split(compiler.within(), collected.merged);
    let mut plan = compile_fields::<R>(compiler, split.here)?;
    if split.parts.is_empty() && collected.usages.is_empty() {
        return Ok(plan);
    }
    let shown = Shown::new(cutting, collected.usages, split.parts.iter().map(|(set, _)| *set));
    let parts = split.parts.into_iter().map(|(set, part)| compile_fields(&compiler.waiting_for(set), part));
    plan.flat = false;
    plan.cut = Some(Box::new(Cut { shown: Arc::new(shown), parts: parts.collect::<Result<_, _>>()? }));
    Ok(plan)
}

/// What was put off in the tree of an answer, as it is found.
pub struct Deferred<'s> {
    /// By level.
    places: FxHashMap<u64, Vec<CutAt>>,
    parts: Vec<Box<dyn Part<'s> + 's>>,
}

impl<'s> Deferred<'s> {
    /// Of these objects.
    pub(super) fn of(cuts: Vec<CutAt>) -> Self {
        let mut places: FxHashMap<u64, Vec<CutAt>> = FxHashMap::default();
        for cut in cuts {
            places.entry(cut.level).or_default().push(cut);
        }
        Self { places, parts: Vec::new() }
    }

    /// Answers all of it, each as soon as its fragment's turn has come.
    pub(super) fn run(self, cx: &'s Cx<'s>, delivery: &'s Delivery) -> BoxFuture<'s, ()> {
        join_all(self.parts.into_iter().map(|part| part.run(cx, delivery))).map(drop).boxed()
    }
}

/// Finds what was put off of a level of objects and of all below.
pub fn deferred_object<'s, 'p: 's, R: Entity>(
    plan: &'s ObjectPlan<R>,
    level: &'s Level<'p, R>,
    found: &mut Deferred<'s>,
) {
    if let Some(cut) = &plan.cut
        && let Some(cuts) = found.places.remove(&level.serial)
    {
        for (nth, part) in cut.parts.iter().enumerate() {
            let place =
                |at: &CutAt| Some(Place { row: level.rows.get(at.row).copied()?, at: at.clone(), nth });
            found
                .parts
                .push(Box::new(PartOf { plan: part, places: cuts.iter().filter_map(place).collect() }));
        }
    }
    for field in &level.fields {
        if let Gathered::There(written) = field {
            written.deferred(found);
        }
    }
}

/// One part of the objects of a level.
trait Part<'s>: Send {
    fn run(self: Box<Self>, cx: &'s Cx<'s>, delivery: &'s Delivery) -> BoxFuture<'s, ()>;
}

struct PartOf<'s, R> {
    plan: &'s ObjectPlan<R>,
    places: Vec<Place<'s, R>>,
}

struct Place<'s, R> {
    row: &'s R,
    at: CutAt,
    nth: usize,
}

impl<R> Place<'_, R> {
    fn group(&self) -> GroupId {
        (self.at.serial, self.nth)
    }
}

impl<'s, R: Entity> Part<'s> for PartOf<'s, R> {
    fn run(self: Box<Self>, cx: &'s Cx<'s>, delivery: &'s Delivery) -> BoxFuture<'s, ()> {
        let Self { plan, mut places } = *self;
        async move {
            let Some(now) = delivery.released(&mut places, Place::group).await else { return };
            let later = Box::new(PartOf { plan, places });
            join(answer(plan, now, cx, delivery), later.run(cx, delivery)).await;
        }
        .boxed()
    }
}

/// Gathers and writes a part of these objects, and then what is put off in it.
async fn answer<'s, R: Entity>(
    plan: &'s ObjectPlan<R>,
    places: Vec<Place<'s, R>>,
    cx: &'s Cx<'s>,
    delivery: &'s Delivery,
) {
    let rows = places.iter().map(|place| place.row).collect();
    let level = gather_object(plan, rows, cx).wait().await;
    let mut cuts = Vec::new();
    let mut settled = Vec::with_capacity(places.len());
    let mut epoch = 0;
    for (i, place) in places.iter().enumerate() {
        let mut out = Out::new(256, delivery.room(), place.at.path.to_vec());
        // Each has a text of its own: what was remembered of another's is void.
        out.epoch = epoch;
        let written = write_object(plan, &level, i, &mut out, &Path::root(place.at.pos));
        epoch = out.epoch + 1;
        if out.is_full() {
            out.errors = vec![too_long(place.at.pos, place.at.path.to_vec())];
        }
        let there = written.is_ok() && !out.is_full();
        if there {
            delivery.writes(out.len());
            cuts.extend(out.cuts.iter().cloned());
            cx.loader.stats().degraded(out.degraded);
        } else {
            out.cuts.clear();
        }
        settled.push(Settled {
            group: place.group(),
            path: place.at.path.clone(),
            data: there.then(|| out.buf.into()),
            errors: out.errors,
            cuts: out.cuts,
        });
    }
    delivery.settle(settled);
    let mut found = Deferred::of(cuts);
    deferred_object(plan, &level, &mut found);
    found.run(cx, delivery).await;
}
