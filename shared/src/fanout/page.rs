//! The rows of one answered call, and which question each of them answers.

use super::{Fault, Key, Question};
use rustc_hash::FxHashMap;
use std::time::Instant;

/// An answered page: by the place of a question in the call, its rows or its failure.
#[derive(Debug)]
pub struct Page<Q: Question> {
    rows: Vec<Q::Row>,
    /// Rows in the order of their questions; empty if the rows stand so already.
    order: Vec<u32>,
    answers: Vec<Answer>,
    fresh_until: Option<Instant>,
}

#[derive(Debug, Clone)]
enum Answer {
    /// From and to, in `order`.
    Rows(u32, u32),
    Failed(Fault),
}

impl<Q: Question> Page<Q> {
    fn new(rows: Vec<Q::Row>, order: Vec<u32>, answers: Vec<Answer>) -> Self {
        Self { rows, order, answers, fresh_until: None }
    }

    /// Whose upstream says until when it may be used again.
    pub(super) fn with_fresh_until(self, fresh_until: Option<Instant>) -> Self {
        Self { fresh_until, ..self }
    }

    /// Until when it may be used again, as its upstream says. None: only now.
    pub fn fresh_until(&self) -> Option<Instant> {
        self.fresh_until
    }

    /// No rows for any of so many questions.
    pub fn empty(questions: usize) -> Self {
        Self::new(Vec::new(), Vec::new(), vec![Answer::Rows(0, 0); questions])
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
        let until = |page: &Result<Self, Fault>| page.as_ref().ok()?.fresh_until;
        // None is the least: one page that is not fresh, and none is.
        let fresh_until = pages.iter().map(until).min().flatten();
        let mut joined = Self::new(Vec::new(), Vec::new(), Vec::with_capacity(pages.len()));
        joined.fresh_until = fresh_until;
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

    /// The rows that answer the `at`th question of the call.
    pub fn answer(&self, at: usize) -> Result<impl Iterator<Item = &Q::Row>, &Fault> {
        let (from, to) = match self.answers.get(at) {
            Some(Answer::Rows(from, to)) => (*from as usize, *to as usize),
            Some(Answer::Failed(fault)) => return Err(fault),
            None => (0, 0),
        };
        Ok((from..to).filter_map(move |place| {
            let row = if self.order.is_empty() { place } else { *self.order.get(place)? as usize };
            self.rows.get(row)
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
fn route<Q: Question, W>(keys: &[Q], rows: &[W], key: impl Fn(&W) -> Key<'_>) -> (Vec<u32>, Vec<Answer>) {
    let places = places(keys);
    let of_row: Vec<Option<u32>> = rows.iter().map(|row| places.get(&key(row)).copied()).collect();
    let mut counts = vec![0u32; keys.len()];
    for place in of_row.iter().flatten() {
        counts[*place as usize] += 1;
    }
    let mut from = 0;
    let answers: Vec<Answer> = counts
        .iter()
        .map(|count| {
            let answer = Answer::Rows(from, from + count);
            from += count;
            answer
        })
        .collect();
    let mut next: Vec<u32> =
        answers.iter().map(|answer| if let Answer::Rows(from, _) = answer { *from } else { 0 }).collect();
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
