//! A page on its way, awaited by all who asked for something on it.

use super::{
    Code, Fault, Page, Question,
    pool::{Aboard, SharedPool},
};
use futures::future::{BoxFuture, Shared};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The page that answers a question, once it is there.
pub(super) type Answered<Q> = Result<Arc<Page<Q>>, Fault>;

/// Whoever polls drives it; when nobody wants it any more, its call ends.
pub(super) type Journey<Q> = Shared<BoxFuture<'static, Answered<Q>>>;

/// A call ends by itself at the longest deadline of those it was made for, and then says so in log and metrics: a
/// waiter of the same deadline should not be the one who breaks it off.
const GRACE: Duration = Duration::from_millis(5);

/// A page on its way.
///
/// A type of its own: behind a bare alias rustc loses that the future is `'static` where the loader is used
/// through `dataloader`.
pub(super) struct Flight<Q: Question>(Way<Q>);

enum Way<Q: Question> {
    /// This request's alone.
    Own(Journey<Q>),
    /// Of several requests.
    Joint(Arc<Joint<Q>>),
    /// It is there: it was kept.
    There(Arc<Page<Q>>),
}

/// A flight of several requests, as one of them sees it.
pub(super) struct Joint<Q: Question> {
    pub journey: Journey<Q>,
    pub aboard: Arc<Aboard<Q>>,
    pub pool: Arc<SharedPool<Q>>,
    /// How long this request waits.
    pub until: Instant,
}

impl<Q: Question> Clone for Flight<Q> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Way::Own(journey) => Way::Own(journey.clone()),
            Way::Joint(joint) => Way::Joint(joint.clone()),
            Way::There(page) => Way::There(page.clone()),
        })
    }
}

impl<Q: Question> Flight<Q> {
    pub fn own(journey: Journey<Q>) -> Self {
        Self(Way::Own(journey))
    }

    pub fn joint(joint: Joint<Q>) -> Self {
        Self(Way::Joint(Arc::new(joint)))
    }

    pub fn there(page: Arc<Page<Q>>) -> Self {
        Self(Way::There(page))
    }

    pub async fn land(self) -> Answered<Q> {
        match self.0 {
            Way::Own(journey) => journey.await,
            // Boxed, so that the future of a request's own flight stays small.
            Way::Joint(joint) => Box::pin(joint.land()).await,
            Way::There(page) => Ok(page),
        }
    }
}

impl<Q: Question> Joint<Q> {
    async fn land(self: Arc<Self>) -> Answered<Q> {
        let until = tokio::time::Instant::from_std(self.until + GRACE);
        match tokio::time::timeout_at(until, self.journey.clone()).await {
            // The time of those it was made for: ours goes on.
            Ok(Err(fault)) if fault.code == Code::DeadlineExceeded && Instant::now() < self.until => {
                Err(Fault::new(Code::UpstreamUnavailable, "A service behind this one is not available."))
            }
            Ok(answered) => answered,
            Err(_) => self.pool.in_place_of_flight(&self.aboard, over()),
        }
    }
}

/// The deadline has passed.
pub(super) fn over() -> Fault {
    Fault::new(Code::DeadlineExceeded, "The time for this request is over.")
}
