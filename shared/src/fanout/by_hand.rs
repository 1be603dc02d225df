//! Questions asked by a resolver that a team writes by hand: an async root that loads by key.
//!
//! The `dataloader` crate keeps what was asked for. Its batch function never waits for the network: that crate
//! holds its lock across the batch, so everybody else would wait too, and it has no failures per key. It asks the
//! request's own [`Loader`] and hands back where the answer will be; plans and hand-written resolvers thus share batches
//! and answers. Nor does the crate wait for more keys: the request's loader does, for everybody.

use super::{Fault, Loader, Page, Place, Question, flight::Flight};
use dataloader::{BatchFn, cached};
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

/// The rows that answer a question.
pub struct Rows<Q: Question> {
    page: Arc<Page<Q>>,
    place: usize,
}

impl<Q: Question> Rows<Q> {
    /// In the upstream's order.
    pub fn iter(&self) -> impl Iterator<Item = &Q::Row> {
        self.page.answer(self.place).into_iter().flatten()
    }

    /// How old they are, if they stand in place of newer ones that their upstream fails to give.
    pub fn stale(&self) -> Option<Duration> {
        self.page.stale(self.place)
    }

    /// The first, if there is any.
    pub fn first(&self) -> Option<&Q::Row> {
        self.iter().next()
    }
}

/// Where an answer will be.
struct Seated<Q: Question> {
    flight: Flight<Q>,
    place: usize,
}

impl<Q: Question> Clone for Seated<Q> {
    fn clone(&self) -> Self {
        Self { flight: self.flight.clone(), place: self.place }
    }
}

struct Batch(Weak<Loader>);

impl<Q: Question> BatchFn<Q, Option<Seated<Q>>> for Batch {
    async fn load(&mut self, questions: &[Q]) -> HashMap<Q, Option<Seated<Q>>> {
        let Some(loader) = self.0.upgrade() else {
            return questions.iter().map(|q| (q.clone(), None)).collect();
        };
        let (flights, seats) = loader.ask(questions, Place::by_hand());
        questions
            .iter()
            .zip(seats)
            .map(|(question, seat)| {
                let flight = flights.get(seat.flight).cloned();
                (question.clone(), flight.map(|flight| Seated { flight, place: seat.place }))
            })
            .collect()
    }
}

struct ByHand<Q: Question>(cached::Loader<Q, Option<Seated<Q>>, Batch>);

/// Loads by key, for a resolver written by hand.
///
/// # Errors
/// What the upstream's failure means to the client.
pub async fn load<Q: Question>(loader: &Arc<Loader>, question: Q) -> Result<Rows<Q>, Fault> {
    let pool = loader.once(|| {
        // The loader owns this pool: a strong reference back would keep both for ever.
        ByHand::<Q>(
            cached::Loader::new(Batch(Arc::downgrade(loader)))
                .with_max_batch_size(Q::PAGE)
                .with_yield_count(0),
        )
    });
    loader.arrived();
    let before = loader.stats().before();
    let seated = pool.0.try_load(question).await.ok().flatten().ok_or_else(Fault::internal)?;
    let page = seated.flight.land().await?;
    loader.stats().waited(before);
    if let Err(fault) = page.answer(seated.place) {
        return Err(fault.clone());
    }
    Ok(Rows { page, place: seated.place })
}
