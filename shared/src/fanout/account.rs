//! The account of a request's fan-out: which edge asked what of whom, in which wave. Kept where somebody looks at it:
//! in development, and by the budgets; in production nobody does, and nothing is collected.

use super::{Call, Question};
use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use serde::Serialize;
use std::{
    any::{Any, TypeId},
    sync::{Arc, LazyLock},
    time::Instant,
};

/// Where in a plan a question is asked.
#[derive(Clone, Debug)]
pub struct Place {
    /// How many questions stand between the root and its answer: 1 at a root.
    pub wave: u32,
    /// The response keys from the root to the edge: `screen.sections.items`.
    pub edge: Arc<str>,
    /// The edge whose answer has the rows that ask: all edges of one origin ask at the same time.
    pub origin: Arc<str>,
    /// Nothing else of the operation can ask at the same time.
    pub alone: bool,
}

impl Place {
    /// Of a question that a resolver asks by hand: no plan knows of it.
    pub(super) fn by_hand() -> &'static Self {
        static BY_HAND: LazyLock<Place> = LazyLock::new(|| Place::named("(by hand)"));
        &BY_HAND
    }

    fn named(name: &str) -> Self {
        Self { wave: 1, edge: Arc::from(name), origin: Arc::from(name), alone: false }
    }
}

/// What the edges of a request asked.
#[derive(Debug)]
pub(super) struct Account(Mutex<Entries>);

#[derive(Debug)]
struct Entries {
    since: Instant,
    edges: Vec<Edge>,
    meetings: Vec<Meeting>,
    /// What was counted before this account.
    before: Shared,
}

/// What a request need not have asked, counted from its beginning.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Shared {
    pub cache_hits: u32,
    pub joined: u32,
}

/// What edges of one origin ask of one type of question in one wave: they always meet.
#[derive(Debug)]
struct Meeting {
    origin: Arc<str>,
    wave: u32,
    question: TypeId,
    /// The distinct questions: a `Vec<Q>`.
    asked: Box<dyn Any + Send>,
    /// As many as `asked` needs.
    pages: usize,
}

/// What one edge asked of one question, in one wave.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Edge {
    edge: Arc<str>,
    question: &'static str,
    upstream: &'static str,
    wave: u32,
    /// HTTP requests that left with its keys. One that carries keys of several edges counts for one of them.
    calls: u32,
    /// Keys in these.
    keys: u32,
    /// Keys that it asked for; the others were known, under way, or went with another edge's.
    asked: u32,
    /// Calls that it costs if edges of other origins come at other times, and what they asked is no help: at worst.
    calls_at_worst: u32,
}

/// `extensions.fanout` of a response.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fanout {
    /// How many calls had to wait for each other, at most.
    waves: u32,
    /// HTTP requests sent.
    calls: u32,
    /// HTTP requests that it may take when upstreams answer at other times: edges of different origins that ask the same
    /// share a call only if their rows happen to come at the same time. This follows from document and rows alone.
    calls_at_worst: u32,
    /// Keys that edges asked for, repetitions of different edges included.
    keys_asked: u32,
    /// Keys that were sent.
    keys_sent: u32,
    /// Keys whose rows were kept from earlier requests.
    cache_hits: u32,
    /// Keys that another request had under way.
    shared: u32,
    /// From the operation's beginning to its answer, in milliseconds.
    time_ms: f64,
    /// In the order in which they first asked.
    edges: Vec<Edge>,
}

impl Account {
    pub fn begin() -> Self {
        Self(Mutex::new(Entries {
            since: Instant::now(),
            edges: Vec::new(),
            meetings: Vec::new(),
            before: Shared::default(),
        }))
    }

    /// An edge asks for distinct questions.
    pub fn asked<Q: Question>(&self, place: &Place, before: u32, questions: &[Q]) {
        let mut entries = self.0.lock();
        let at = entries.edge(place, before, Q::NAME, Q::UPSTREAM.name());
        let more = entries.meet(place, before, questions);
        let Some(edge) = entries.edges.get_mut(at) else { return };
        edge.asked += count(questions.len());
        edge.calls_at_worst += more;
    }

    /// A call leaves. It counts for the first edge of its wave that needs one more, at worst; its other keys' edges need none.
    pub fn called<Q: Question>(&self, keys: usize, wave: u32) {
        let mut entries = self.0.lock();
        let mut of_wave =
            entries.edges.iter_mut().filter(|edge| edge.wave == wave && edge.question == Q::NAME);
        let Some(first) = of_wave.next() else { return };
        let edge = if first.calls < first.calls_at_worst {
            first
        } else {
            of_wave.find(|edge| edge.calls < edge.calls_at_worst).unwrap_or(first)
        };
        edge.calls += 1;
        edge.keys += count(keys);
    }

    /// A write leaves.
    pub fn wrote(&self, before: u32, upstream: &'static str) {
        static WRITE: LazyLock<Place> = LazyLock::new(|| Place::named("(write)"));
        let mut entries = self.0.lock();
        let at = entries.edge(&WRITE, before, "write", upstream);
        let Some(edge) = entries.edges.get_mut(at) else { return };
        for count in [&mut edge.calls, &mut edge.keys, &mut edge.asked, &mut edge.calls_at_worst] {
            *count += 1;
        }
    }

    /// What was asked so far. What is asked from now on, such as for the next event of a subscription, is a new account.
    pub fn close(&self, shared: Shared) -> Fanout {
        let mut entries = self.0.lock();
        let edges = std::mem::take(&mut entries.edges);
        entries.meetings.clear();
        let before = std::mem::replace(&mut entries.before, shared);
        let took = std::mem::replace(&mut entries.since, Instant::now()).elapsed();
        Fanout {
            waves: edges.iter().filter(|edge| edge.calls > 0).map(|edge| edge.wave).max().unwrap_or(0),
            calls: edges.iter().map(|edge| edge.calls).sum(),
            calls_at_worst: edges.iter().map(|edge| edge.calls_at_worst).sum(),
            keys_asked: edges.iter().map(|edge| edge.asked).sum(),
            keys_sent: edges.iter().map(|edge| edge.keys).sum(),
            cache_hits: shared.cache_hits.saturating_sub(before.cache_hits),
            shared: shared.joined.saturating_sub(before.joined),
            time_ms: (took.as_secs_f64() * 100_000.0).round() / 100.0,
            edges,
        }
    }
}

impl Entries {
    /// Where the edge stands; it is there from now on.
    fn edge(&mut self, place: &Place, before: u32, question: &'static str, upstream: &'static str) -> usize {
        let wave = before + place.wave;
        let known = self
            .edges
            .iter()
            .position(|edge| edge.wave == wave && edge.question == question && edge.edge == place.edge);
        let at = known.unwrap_or(self.edges.len());
        if known.is_none() {
            self.edges.push(Edge {
                edge: place.edge.clone(),
                question,
                upstream,
                wave,
                calls: 0,
                keys: 0,
                asked: 0,
                calls_at_worst: 0,
            });
        }
        at
    }

    /// Adds an edge's questions to those of its siblings; how many calls more that makes at worst.
    fn meet<Q: Question>(&mut self, place: &Place, before: u32, questions: &[Q]) -> u32 {
        let (wave, question) = (before + place.wave, TypeId::of::<Q>());
        let known = self.meetings.iter().position(|meeting| {
            meeting.wave == wave && meeting.question == question && meeting.origin == place.origin
        });
        let at = known.unwrap_or(self.meetings.len());
        if known.is_none() {
            let (origin, asked) = (place.origin.clone(), Box::new(Vec::<Q>::new()));
            self.meetings.push(Meeting { origin, wave, question, asked, pages: 0 });
        }
        let Some(meeting) = self.meetings.get_mut(at) else { return 0 };
        let Some(asked) = meeting.asked.downcast_mut::<Vec<Q>>() else { return 0 };
        let known: FxHashSet<&Q> = asked.iter().collect();
        let new: Vec<Q> = questions.iter().filter(|question| !known.contains(question)).cloned().collect();
        asked.extend(new);
        let pages = pages(asked);
        let more = pages.saturating_sub(std::mem::replace(&mut meeting.pages, pages));
        count(more)
    }
}

/// How many calls these questions need by themselves.
fn pages<Q: Question>(questions: &[Q]) -> usize {
    if matches!(Q::CALL, Call::Each { .. }) {
        return questions.len();
    }
    struct Open<'q, Q> {
        first: &'q Q,
        keys: usize,
        url: usize,
    }
    let mut pages = 0;
    let mut open: Vec<Open<'_, Q>> = Vec::new();
    for question in questions {
        let more = question.key().url_len() + 1;
        let page = open.iter().position(|page| page.first.same_group(question));
        if let Some(page) = page.and_then(|at| open.get_mut(at))
            && page.keys < Q::PAGE
            && page.url + more <= Q::UPSTREAM.max_url()
        {
            page.keys += 1;
            page.url += more;
            continue;
        }
        if let Some(full) = page {
            open.swap_remove(full);
        }
        let mut url = String::new();
        Q::url(std::slice::from_ref(question), &mut url);
        open.push(Open { first: question, keys: 1, url: url.len() });
        pages += 1;
    }
    pages
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
