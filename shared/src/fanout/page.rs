//! The rows of one answered call, and which question each of them answers.

use super::{Fault, Keep, Key, Question};
use crate::upstream::freshness::Freshness;
use rustc_hash::FxHashMap;
use std::{fmt, sync::Arc, time::Duration};

/// An answered page: by the place of a question in the call, its rows or its failure.
pub struct Page<Q: Question> {
    rows: Vec<Q::Row>,
    /// Rows in the order of their questions; empty if the rows stand so already.
    order: Vec<u32>,
    answers: Vec<Answer<Q>>,
    /// None: nobody may use it again.
    freshness: Option<Freshness>,
    /// When its call left, and what it weighs, once it is one of those that are kept.
    pub(super) kept: Option<Kept>,
}

/// What is known of a page that later requests may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// Tells it from all other pages and flights.
    pub id: u64,
    /// When its call left, by the clock that orders calls and writes.
    pub left: u64,
    /// Bytes, roughly.
    pub weight: u32,
}

enum Answer<Q: Question> {
    /// From and to, in `order`.
    Rows(u32, u32),
    Failed(Fault),
    /// On another page, which has it itself.
    Lent(Box<Lent<Q>>),
}

/// A page, a place on it, and the age of the answer there if it stands in place of a failure.
pub(super) type Loan<Q> = (Arc<Page<Q>>, usize, Option<Duration>);

struct Lent<Q: Question> {
    page: Arc<Page<Q>>,
    place: usize,
    /// How old it is, if it stands in place of a failure.
    stale: Option<Duration>,
}

impl<Q: Question> fmt::Debug for Page<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("question", &Q::NAME)
            .field("answers", &self.answers.len())
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

impl<Q: Question> Page<Q> {
    fn new(rows: Vec<Q::Row>, order: Vec<u32>, answers: Vec<Answer<Q>>) -> Self {
        Self { rows, order, answers, freshness: None, kept: None }
    }

    /// No rows for any of so many questions.
    pub fn empty(questions: usize) -> Self {
        Self::new(Vec::new(), Vec::new(), (0..questions).map(|_| Answer::Rows(0, 0)).collect())
    }

    /// All rows answer the one question.
    pub fn whole(rows: Vec<Q::Row>) -> Self {
        let all = index(rows.len());
        Self::new(rows, Vec::new(), vec![Answer::Rows(0, all)])
    }

    /// One row for each question, in the order of the questions.
    pub fn each(rows: Vec<Q::Row>) -> Self {
        let answers = (0..index(rows.len())).map(|at| Answer::Rows(at, at + 1)).collect();
        Self::new(rows, Vec::new(), answers)
    }

    /// Leads each row back to its question. Rows that nobody asked for are left out; rows of one question keep the
    /// upstream's order.
    pub fn routed(keys: &[Q], rows: Vec<Q::Row>, key: impl Fn(&Q::Row) -> Key<'_>) -> Self {
        let (order, answers) = route(keys, &rows, key);
        Self::new(rows, order, answers)
    }

    /// Pages of one question each, in the order of the questions.
    pub(super) fn joined(pages: Vec<Result<Page<Q>, Fault>>) -> Self {
        let mut joined = Self::new(Vec::new(), Vec::new(), Vec::with_capacity(pages.len()));
        for page in pages {
            joined.answers.push(match page {
                Ok(mut page) => {
                    let from = index(joined.rows.len());
                    joined.rows.append(&mut page.rows);
                    Answer::Rows(from, index(joined.rows.len()))
                }
                Err(fault) => Answer::Failed(fault),
            });
        }
        joined
    }

    /// Answers that stand on other pages.
    pub(super) fn lent(answers: Vec<Result<Loan<Q>, Fault>>) -> Self {
        let answers = answers.into_iter().map(|answer| match answer {
            Ok((page, place, stale)) => {
                // Never a chain: what lends lends what it was lent.
                let (page, place, stale) = match page.answers.get(place) {
                    Some(Answer::Lent(lent)) => (lent.page.clone(), lent.place, stale.or(lent.stale)),
                    _ => (page, place, stale),
                };
                Answer::Lent(Box::new(Lent { page, place, stale }))
            }
            Err(fault) => Answer::Failed(fault),
        });
        Self::new(Vec::new(), Vec::new(), answers.collect())
    }

    /// The upstream allows to use it again.
    pub(super) fn with_freshness(self, freshness: Option<Freshness>) -> Self {
        Self { freshness, ..self }
    }

    /// What the upstream allows to be done with it.
    pub(super) fn freshness(&self) -> Option<&Freshness> {
        self.freshness.as_ref()
    }

    /// Whether all of it may be used again.
    pub(super) fn keep(&self) -> Keep {
        if let Some(freshness) = &self.freshness {
            return freshness.fresh_until().map_or(Keep::Confirmed, Keep::Until);
        }
        let answers = self.answers.iter().map(|answer| match answer {
            Answer::Lent(lent) if lent.stale.is_none() => lent.page.keep(),
            _ => Keep::Never,
        });
        answers.reduce(Keep::and).unwrap_or(Keep::Never)
    }

    /// How old the answer to the `at`th question is, if an upstream that fails should have given a newer one.
    pub fn stale(&self, at: usize) -> Option<Duration> {
        match self.answers.get(at) {
            Some(Answer::Lent(lent)) => lent.stale,
            _ => None,
        }
    }

    /// How many questions it answers.
    pub(super) fn answers(&self) -> usize {
        self.answers.len()
    }

    /// The bytes its rows take, without what they point to.
    pub(super) fn size(&self) -> usize {
        self.rows.len() * size_of::<Q::Row>()
            + self.order.len() * size_of::<u32>()
            + self.answers.len() * size_of::<Answer<Q>>()
    }

    /// The rows that answer the `at`th question of the call.
    pub fn answer(&self, at: usize) -> Result<impl Iterator<Item = &Q::Row>, &Fault> {
        let (page, at) = match self.answers.get(at) {
            Some(Answer::Lent(lent)) => (&*lent.page, lent.place),
            _ => (self, at),
        };
        let (from, to) = match page.answers.get(at) {
            Some(Answer::Rows(from, to)) => (*from as usize, *to as usize),
            Some(Answer::Failed(fault)) => return Err(fault),
            Some(Answer::Lent(_)) | None => (0, 0),
        };
        Ok((from..to).filter_map(move |place| {
            let row = if page.order.is_empty() { place } else { *page.order.get(place)? as usize };
            page.rows.get(row)
        }))
    }
}

/// Groups rows of any kind by the question that they answer: for answers that are made of several rows.
pub fn grouped<Q: Question, W>(keys: &[Q], rows: Vec<W>, key: impl Fn(&W) -> Key<'_>) -> Vec<Vec<W>> {
    let mut groups: Vec<Vec<W>> = keys.iter().map(|_| Vec::new()).collect();
    let places = places(keys);
    for row in rows {
        let place = places.get(&key(&row)).copied();
        if let Some(group) = place.and_then(|place| groups.get_mut(place as usize)) {
            group.push(row);
        }
    }
    groups
}

fn places<Q: Question>(keys: &[Q]) -> FxHashMap<Key<'_>, u32> {
    keys.iter().enumerate().map(|(at, question)| (question.key(), index(at))).collect()
}

/// Places rows by a counting sort: two passes, no comparison, stable.
fn route<Q: Question, W>(keys: &[Q], rows: &[W], key: impl Fn(&W) -> Key<'_>) -> (Vec<u32>, Vec<Answer<Q>>) {
    let places = places(keys);
    let of_row: Vec<Option<u32>> = rows.iter().map(|row| places.get(&key(row)).copied()).collect();
    let mut counts = vec![0u32; keys.len()];
    for place in of_row.iter().flatten() {
        counts[*place as usize] += 1;
    }
    let mut from = 0;
    let mut next = Vec::with_capacity(keys.len());
    let answers = counts
        .iter()
        .map(|count| {
            next.push(from);
            from += count;
            Answer::Rows(from - count, from)
        })
        .collect();
    let mut order = vec![0; from as usize];
    for (row, place) in of_row.iter().enumerate() {
        if let Some(place) = place {
            let at = &mut next[*place as usize];
            order[*at as usize] = index(row);
            *at += 1;
        }
    }
    (order, answers)
}

/// A page never has four billion rows: a response has a size limit long before.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
