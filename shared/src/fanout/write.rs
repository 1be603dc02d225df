//! Phase two: rows become bytes, once and in document order; a failure becomes null where the schema allows it.

use super::{
    Code, Fault,
    defer::{CutAt, Deferred, Shown, next_serial},
    gather::Level,
    plan::{Kind, ObjectPlan},
    policy::{Degraded, DegradedAt, is_of_upstream},
    row::Entity,
};
use async_graphql::{PathSegment, Pos, ServerError};
use std::sync::Arc;

/// A non-null position has no value: its parent decides (§6.4.4). The error is already in [`Out`].
#[derive(Debug)]
pub struct Bubble;

/// More errors than this tell a client nothing new.
const MAX_ERRORS: usize = 1_000;

/// The text so far and the errors so far.
pub struct Out {
    /// JSON, without the response's own frame.
    pub buf: Vec<u8>,
    /// With full paths.
    pub errors: Vec<ServerError>,
    /// What of the text is less than it should be.
    pub(crate) degraded: Vec<DegradedAt>,
    /// Objects of which something comes later.
    pub(super) cuts: Vec<CutAt>,
    /// About as many bytes as telling of these takes.
    told_of_cuts: usize,
    base: Vec<PathSegment>,
    /// The longest text.
    limit: usize,
    /// It would be longer: nothing is written any more, and what was is void.
    full: bool,
    /// Grows whenever text is taken back: places remembered before are then void.
    pub(super) epoch: u32,
}

impl Out {
    /// Room for `capacity` bytes, for the value found at `base` in the response.
    pub fn new(capacity: usize, limit: usize, base: Vec<PathSegment>) -> Self {
        let buf = Vec::with_capacity(capacity.min(limit));
        Self {
            buf,
            errors: Vec::new(),
            degraded: Vec::new(),
            cuts: Vec::new(),
            told_of_cuts: 0,
            base,
            limit,
            full: false,
            epoch: 0,
        }
    }

    /// Whether so much more has no room. A few rows that refer to each other can be written out to any length, from
    /// documents of any size: the answer's own length is what must be bounded.
    pub(super) fn lacks(&mut self, more: usize) -> bool {
        self.full |= self.len() + more > self.limit;
        self.full
    }

    /// How long the text is, with what will be told of what comes later.
    pub(super) fn len(&self) -> usize {
        self.buf.len() + self.told_of_cuts
    }

    /// The text did not fit.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Records a failure of the field at `pos`, at `path` in the response.
    pub fn fail(&mut self, fault: &Fault, pos: Pos, path: &Path<'_>) {
        if self.errors.len() == MAX_ERRORS {
            return;
        }
        self.errors.push(fault.at(pos, path.segments(&self.base)));
        if is_of_upstream(fault) {
            // Should the null that stands for it go up instead, this is taken back with the text.
            self.degrade(Degraded::SOFT, path);
        }
    }

    /// Records that what stands at `path` is less than it should be.
    pub(super) fn degrade(&mut self, degraded: Degraded, path: &Path<'_>) {
        if self.degraded.len() == MAX_ERRORS {
            return;
        }
        self.degraded.push(DegradedAt {
            path: path.segments(&self.base),
            policy: degraded.policy,
            age_ms: degraded.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            at: self.buf.len(),
        });
    }

    /// Records that something of the object at `path` comes later: the `row`th of that level.
    fn cut(&mut self, level: u64, row: usize, shown: &Arc<Shown>, path_of: &Path<'_>) {
        let path: Arc<[PathSegment]> = path_of.segments(&self.base).into();
        // A promise, a completion, and the path in between.
        self.told_of_cuts += shown.fragments() * (48 + 12 * path.len());
        self.cuts.push(CutAt {
            serial: next_serial(),
            path,
            pos: path_of.pos(),
            shown: shown.clone(),
            level,
            row,
            at: self.buf.len(),
        });
    }

    /// How much was told so far: what is written without telling anything may be repeated as it is.
    pub(super) fn told(&self) -> (usize, usize, usize) {
        (self.errors.len(), self.degraded.len(), self.cuts.len())
    }

    /// Takes back what was written after `len`.
    pub fn truncate(&mut self, len: usize) {
        self.buf.truncate(len);
        self.epoch += 1;
        while self.degraded.last().is_some_and(|degraded| degraded.at > len) {
            self.degraded.pop();
        }
        while self.cuts.last().is_some_and(|cut| cut.at > len) {
            self.cuts.pop();
        }
    }

    /// The value failed: null if it may be null, else the parent's matter.
    pub fn null_or_bubble(&mut self, start: usize, nullable: bool) -> Result<(), Bubble> {
        self.truncate(start);
        if !nullable || self.full {
            return Err(Bubble);
        }
        self.null();
        Ok(())
    }

    /// Writes `null`.
    pub fn null(&mut self) {
        self.buf.extend_from_slice(b"null");
    }
}

/// Where in the response something stands: a list from the leaf to the root that lives on the stack.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
    /// Of the innermost field, for the error's `locations`.
    pos: Pos,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// The place that `Out` was made for.
    pub fn root(pos: Pos) -> Path<'static> {
        Path { parent: None, step: Step::Root, pos }
    }

    /// A field below.
    pub fn field<'b>(&'b self, key: &'b str, pos: Pos) -> Path<'b>
    where
        'a: 'b,
    {
        Path { parent: Some(self), step: Step::Field(key), pos }
    }

    /// An item below.
    pub fn index<'b>(&'b self, index: usize) -> Path<'b>
    where
        'a: 'b,
    {
        Path { parent: Some(self), step: Step::Index(index), pos: self.pos }
    }

    /// Of the innermost field.
    pub fn pos(&self) -> Pos {
        self.pos
    }

    fn segments(&self, base: &[PathSegment]) -> Vec<PathSegment> {
        let mut segments = self.parent.map_or_else(|| base.to_vec(), |parent| parent.segments(base));
        match self.step {
            Step::Root => {}
            Step::Field(key) => segments.push(PathSegment::Field(key.to_owned())),
            Step::Index(index) => segments.push(PathSegment::Index(index)),
        }
        segments
    }
}

/// A gathered field of a level: what stands in it for the level's `i`th row.
pub trait Written: Send {
    /// Writes the value; `path` is the field's own.
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble>;

    /// Finds what was put off below.
    fn deferred<'s>(&'s self, _found: &mut Deferred<'s>) {}
}

/// A field that failed as a whole: a guard said no, or an argument cannot be.
pub(super) struct Failed {
    pub fault: Fault,
    pub nullable: bool,
}

impl Written for Failed {
    fn write(&self, _: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        out.fail(&self.fault, path.pos(), path);
        out.null_or_bubble(out.buf.len(), self.nullable)
    }
}

/// Writes the `i`th row of a level as an object.
pub fn write_object<R: Entity>(
    plan: &ObjectPlan<R>,
    level: &Level<'_, R>,
    i: usize,
    out: &mut Out,
    path: &Path<'_>,
) -> Result<(), Bubble> {
    let Some(&row) = level.rows.get(i) else {
        out.fail(&Fault::internal(), path.pos(), path);
        return Err(Bubble);
    };
    if out.lacks(0) {
        return Err(Bubble);
    }
    let start = out.buf.len();
    out.buf.push(b'{');
    if let Some(cut) = &plan.cut {
        out.cut(level.serial, i, &cut.shown, path);
    }
    let mut first = true;
    let count = level.order.as_ref().map_or(plan.fields.len(), Vec::len);
    for nth in 0..count {
        let elsewhere = level.order.as_ref().and_then(|order| order.get(nth));
        let at = elsewhere.map_or(nth, |(at, _)| *at);
        let Some(field) = plan.fields.get(at) else { continue };
        let pos = elsewhere.map_or(field.pos, |(_, pos)| *pos);
        let gathered = level.fields.get(at);
        if gathered.is_some_and(super::gather::Gathered::is_skipped) {
            continue;
        }
        // The key stands there with a comma in front: `,"title":`
        out.buf.extend_from_slice(&field.lead[usize::from(first)..]);
        first = false;
        let here = path.field(&field.key, pos);
        let written = match (&field.kind, gathered) {
            (_, Some(super::gather::Gathered::There(written))) => written.write(i, out, &here),
            (Kind::Leaf(put), _) => put(row, out, &here),
            (Kind::Renamed(put, renaming), _) => {
                let start = out.buf.len();
                put(row, out, &here).inspect(|()| renaming.rename(&mut out.buf, start))
            }
            (Kind::Constant(text), _) => {
                out.buf.extend_from_slice(text);
                Ok(())
            }
            (Kind::Node(_), _) => {
                // Every node was gathered; were one not, a masked error beats a hole in the JSON.
                out.fail(&Fault::new(Code::InternalServerError, "Internal server error"), pos, &here);
                Err(Bubble)
            }
        };
        if written.is_err() || out.lacks(0) {
            out.truncate(start);
            return Err(Bubble);
        }
    }
    out.buf.push(b'}');
    Ok(())
}
