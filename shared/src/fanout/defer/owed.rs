//! What an answer still owes its client: which fragments were promised, what each waits for, and what is to be told.
//!
//! A fragment is promised when what it stands in has been delivered, and complete when all that it waits for is there.
//! What several fragments wait for is delivered once, with the first that is complete. A failure that may not be null
//! within a fragment is that fragment's alone, with all that stands in it.

use super::cut::CutAt;
use super::cutting::Usage;
use async_graphql::{PathSegment, ServerError};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A part of an object: the number of its cut, and which part of it.
pub type GroupId = (u64, usize);

/// What is told at once.
#[derive(Default, Debug)]
pub struct Payload {
    pub pending: Vec<Promised>,
    pub incremental: Vec<Delivered>,
    pub completed: Vec<Completed>,
    pub has_next: bool,
}

/// A fragment that will be delivered.
#[derive(Debug)]
pub struct Promised {
    pub id: u32,
    pub path: Arc<[PathSegment]>,
    pub usage: Arc<Usage>,
}

/// What is to be put into the answer.
#[derive(Debug)]
pub struct Delivered {
    /// The fragment it belongs to, of all that wait for it the one whose place is nearest.
    pub id: u32,
    pub usage: Arc<Usage>,
    /// The object's own place.
    pub path: Arc<[PathSegment]>,
    /// How much of that is the fragment's place.
    pub of_fragment: usize,
    /// An object.
    pub data: Bytes,
    pub errors: Vec<ServerError>,
}

/// A fragment of which there will be no more.
#[derive(Debug)]
pub struct Completed {
    pub id: u32,
    pub path: Arc<[PathSegment]>,
    pub usage: Arc<Usage>,
    /// Why it is not there at all; none, if it is.
    pub errors: Vec<ServerError>,
}

impl Usage {
    pub(crate) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }
}

/// All that is owed.
#[derive(Default)]
pub(super) struct Owed {
    fragments: Vec<Fragment>,
    /// By `@defer` and place.
    at: FxHashMap<(u32, String), usize>,
    /// How long the places of a `@defer` are: as it stands at one place of the plan, all are alike.
    lengths: FxHashMap<u32, usize>,
    /// What is not there yet.
    groups: FxHashMap<GroupId, Group>,
    there: Vec<There>,
    told: Payload,
    next: u32,
    /// Promised, and not complete.
    open: usize,
}

struct Fragment {
    usage: Arc<Usage>,
    path: Arc<[PathSegment]>,
    within: Vec<usize>,
    waits: Vec<GroupId>,
    there: Vec<usize>,
    promised: Option<u32>,
    failed: Option<Vec<ServerError>>,
    over: bool,
}

#[derive(Default)]
struct Group {
    fragments: Vec<usize>,
    /// Its turn has come.
    released: bool,
}

struct There {
    fragments: Vec<usize>,
    path: Arc<[PathSegment]>,
    /// None: it was told.
    data: Option<(Bytes, Vec<ServerError>)>,
}

impl Owed {
    /// These are known of, though perhaps they will be taken back.
    pub fn note(&mut self, cuts: &[CutAt]) {
        for cut in cuts {
            for nth in 0..cut.shown.sets.len() {
                self.groups.insert((cut.serial, nth), Group::default());
            }
        }
    }

    /// They are: what they stand in is null.
    pub fn forget(&mut self, cuts: &[CutAt]) {
        for cut in cuts {
            for nth in 0..cut.shown.sets.len() {
                self.groups.remove(&(cut.serial, nth));
            }
        }
    }

    /// Takes up what was cut off an answer: fragments that begin there, and parts that they wait for. Those that do not
    /// stand in another are returned.
    fn adopt(&mut self, cuts: &[CutAt]) -> Vec<usize> {
        let mut outermost = Vec::new();
        for cut in cuts {
            for usage in &cut.shown.usages {
                let at = self.fragments.len();
                self.lengths.insert(usage.id, cut.path.len());
                self.at.insert((usage.id, text(&cut.path)), at);
                let around = usage.within.as_ref().and_then(|within| self.find(within, &cut.path));
                self.fragments.push(Fragment {
                    usage: usage.clone(),
                    path: cut.path.clone(),
                    within: Vec::new(),
                    waits: Vec::new(),
                    there: Vec::new(),
                    promised: None,
                    failed: None,
                    over: false,
                });
                match around.and_then(|around| self.fragments.get_mut(around)) {
                    Some(around) if around.over => self.close(at),
                    Some(around) => around.within.push(at),
                    None if usage.within.is_none() => outermost.push(at),
                    None => self.close(at),
                }
            }
            for (nth, set) in cut.shown.sets.iter().enumerate() {
                let found = set.iter().filter_map(|usage| self.find(usage, &cut.path));
                let waiting: Vec<usize> = found.filter(|at| self.is_awaited(*at)).collect();
                let group = (cut.serial, nth);
                if waiting.is_empty() {
                    self.groups.remove(&group);
                    continue;
                }
                let mut released = false;
                for at in &waiting {
                    if let Some(fragment) = self.fragments.get_mut(*at) {
                        fragment.waits.push(group);
                        released |= fragment.promised.is_some();
                    }
                }
                self.groups.insert(group, Group { fragments: waiting, released });
            }
        }
        outermost
    }

    fn is_awaited(&self, at: usize) -> bool {
        self.fragments.get(at).is_some_and(|fragment| !fragment.over && fragment.failed.is_none())
    }

    /// The fragment of a `@defer` around a place.
    fn find(&self, usage: &Usage, path: &[PathSegment]) -> Option<usize> {
        let place = path.get(..*self.lengths.get(&usage.id)?)?;
        self.at.get(&(usage.id, text(place))).copied()
    }

    /// Whether a part's turn has come; None, if it never will.
    pub fn is_released(&self, group: GroupId) -> Option<bool> {
        self.groups.get(&group).map(|group| group.released)
    }

    /// The answer that everything begins with is there, and these were cut off it.
    pub fn open(&mut self, cuts: &[CutAt]) {
        for at in self.adopt(cuts) {
            self.promise(at);
        }
    }

    /// A part is there, and these were cut off it.
    pub fn deliver(
        &mut self,
        group: GroupId,
        path: Arc<[PathSegment]>,
        data: Bytes,
        errors: Vec<ServerError>,
        cuts: &[CutAt],
    ) {
        let Some(Group { fragments, .. }) = self.groups.remove(&group) else { return self.forget(cuts) };
        let there = self.there.len();
        self.there.push(There { fragments: fragments.clone(), path, data: Some((data, errors)) });
        for at in &fragments {
            if let Some(fragment) = self.fragments.get_mut(*at) {
                fragment.waits.retain(|waits| *waits != group);
                fragment.there.push(there);
            }
        }
        self.adopt(cuts);
        for at in fragments {
            self.complete(at);
        }
    }

    /// A part failed where there must be something.
    pub fn fail(&mut self, group: GroupId, errors: &[ServerError]) {
        let Some(Group { fragments, .. }) = self.groups.remove(&group) else { return };
        for at in fragments {
            self.fail_fragment(at, errors.to_vec());
        }
    }

    fn fail_fragment(&mut self, at: usize, errors: Vec<ServerError>) {
        let Some(fragment) = self.fragments.get_mut(at) else { return };
        if fragment.over {
            return;
        }
        match fragment.promised {
            Some(id) => {
                let (path, usage) = (fragment.path.clone(), fragment.usage.clone());
                self.told.completed.push(Completed { id, path, usage, errors });
                self.open -= 1;
                self.close(at);
            }
            // What it stands in comes first: only then is it known of.
            None => fragment.failed = Some(errors),
        }
    }

    /// Nothing will come of a fragment any more, nor of what stands in it.
    fn close(&mut self, at: usize) {
        let Some(fragment) = self.fragments.get_mut(at) else { return };
        fragment.over = true;
        let (waits, within) = (std::mem::take(&mut fragment.waits), std::mem::take(&mut fragment.within));
        for group in waits {
            if let Some(waited) = self.groups.get_mut(&group) {
                waited.fragments.retain(|other| *other != at);
                if waited.fragments.is_empty() {
                    self.groups.remove(&group);
                }
            }
        }
        for inner in within {
            self.close(inner);
        }
    }

    /// What a fragment stands in is delivered: now it is promised. One without anything of its own never is, and makes
    /// place for those that stand in it.
    fn promise(&mut self, at: usize) {
        let Some(fragment) = self.fragments.get_mut(at) else { return };
        if fragment.over {
            return;
        }
        let untold = |there: &usize| self.there.get(*there).is_some_and(|there| there.data.is_some());
        if fragment.failed.is_none() && fragment.waits.is_empty() && !fragment.there.iter().any(untold) {
            let within = std::mem::take(&mut fragment.within);
            fragment.over = true;
            within.into_iter().for_each(|inner| self.promise(inner));
            return;
        }
        let id = self.next;
        self.next += 1;
        self.open += 1;
        fragment.promised = Some(id);
        let (path, usage) = (fragment.path.clone(), fragment.usage.clone());
        self.told.pending.push(Promised { id, path, usage });
        for group in &fragment.waits {
            if let Some(group) = self.groups.get_mut(group) {
                group.released = true;
            }
        }
        match fragment.failed.take() {
            Some(errors) => self.fail_fragment(at, errors),
            None => self.complete(at),
        }
    }

    /// Tells what there is of a fragment, if that is all, and promises what stands in it.
    fn complete(&mut self, at: usize) {
        let Some(fragment) = self.fragments.get_mut(at) else { return };
        let Some(id) = fragment.promised.filter(|_| !fragment.over && fragment.waits.is_empty()) else {
            return;
        };
        let (path, usage) = (fragment.path.clone(), fragment.usage.clone());
        for there in std::mem::take(&mut fragment.there) {
            let Some(There { fragments, path: place, data }) = self.there.get_mut(there) else { continue };
            let Some((data, errors)) = data.take() else { continue };
            let (mut nearest, mut of, mut length) = (id, usage.clone(), path.len());
            for other in fragments.iter().filter_map(|other| self.fragments.get(*other)) {
                if let Some(promised) = other.promised.filter(|_| !other.over && other.path.len() > length) {
                    (nearest, of, length) = (promised, other.usage.clone(), other.path.len());
                }
            }
            let path = place.clone();
            self.told.incremental.push(Delivered {
                id: nearest,
                usage: of,
                path,
                of_fragment: length,
                data,
                errors,
            });
        }
        self.told.completed.push(Completed { id, path, usage, errors: Vec::new() });
        self.open -= 1;
        let within = self.fragments.get_mut(at).map(|fragment| {
            fragment.over = true;
            std::mem::take(&mut fragment.within)
        });
        within.into_iter().flatten().for_each(|inner| self.promise(inner));
    }

    /// What was promised cannot be delivered any more.
    pub fn give_up(&mut self, error: &ServerError) {
        for at in 0..self.fragments.len() {
            if self.fragments.get(at).is_some_and(|fragment| fragment.promised.is_some()) {
                self.fail_fragment(at, vec![error.clone()]);
            }
        }
        self.groups.clear();
    }

    /// Something was promised that is not complete.
    pub fn is_open(&self) -> bool {
        self.open > 0
    }

    /// What is to be told since this was last asked.
    pub fn take(&mut self) -> Option<Payload> {
        let told = std::mem::take(&mut self.told);
        let some = !(told.pending.is_empty() && told.incremental.is_empty() && told.completed.is_empty());
        some.then_some(Payload { has_next: self.is_open(), ..told })
    }
}

/// A place as text: so can it be looked up.
fn text(path: &[PathSegment]) -> String {
    // Of names and numbers: it cannot fail.
    serde_json::to_string(path).unwrap_or_default()
}
