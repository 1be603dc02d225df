//! How a page leaves: when all who are ready have boarded, as one call or one a key; and what comes back.

use super::{
    Call, Fault, Page, Question,
    flight::{Answered, Journey},
    loader::{Boarding, Sender, Stats},
    pool::{Aboard, Asker, SharedPool},
};
use crate::{
    request::RequestContext,
    telemetry::{RequestRecord, under},
    upstream::{Reply, Upstreams, client::bad_response, freshness::Freshness},
};
use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use http::HeaderMap;
use parking_lot::Mutex;
use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
    time::{Duration, Instant},
};
use tracing::Instrument;

/// A page of one request: lets everybody who is ready board, then asks as its caller.
/// The wave is that of whoever opened the page; they are alone if nobody else can come.
pub(super) async fn depart_alone<Q: Question>(
    sender: Arc<Sender>,
    page: Arc<Mutex<Boarding<Q>>>,
    wave: u32,
    alone: bool,
) -> Answered<Q> {
    if Q::PAGE > 1 && !alone {
        nobody_else(&sender).await;
    }
    let questions = page.lock().leave();
    match Q::CALL {
        Call::Batch => {
            let calling = pin!(call(&sender, &questions, wave, None));
            let called = under(batch::<Q>(&questions), calling).await?;
            let page = called.read(&questions)?;
            // Only where somebody wants to know: reading it costs.
            let freshness = sender.stats.strictest().and_then(|_| Freshness::of(&called.reply));
            Ok(Arc::new(page.with_freshness(freshness)))
        }
        Call::Each { at_once } => {
            // Indices, not borrowed questions: a stream of borrows is not provably Send.
            let (sender, questions) = (&sender, &questions);
            let pages = stream::iter(0..questions.len())
                .map(|at| async move {
                    match questions.get(at..=at) {
                        Some(one) => call(sender, one, wave, None).await?.read(one),
                        None => Err(Fault::internal()),
                    }
                })
                .buffered(at_once.max(1))
                .collect::<Vec<_>>()
                .instrument(batch::<Q>(questions))
                .await;
            Ok(Arc::new(Page::joined(pages)))
        }
    }
}

/// A page of several requests: lets everybody board who is ready in its opener's, waits for its turn, then asks as
/// nobody in particular. It goes by the opener's trace and count.
pub(super) fn depart<Q: Question>(
    pool: Arc<SharedPool<Q>>,
    opener: Asker<'_>,
    aboard: Arc<Aboard<Q>>,
    record: Option<Arc<RequestRecord>>,
) -> Journey<Q> {
    let Asker { wave, alone, .. } = opener;
    let opener = opener.sender.clone();
    // Outside of the future: it must go also when nobody ever polls.
    let trip = Trip { pool, aboard };
    let journey = async move {
        if Q::PAGE > 1 && !alone {
            nobody_else(&opener).await;
        }
        let (upstreams, stats) = (opener.upstreams.clone(), opener.stats.clone());
        let patience = opener.request.patience;
        drop(opener);
        let (questions, until) = match trip.pool.turn(&trip.aboard).await {
            Ok(departed) => departed,
            Err(fault) => return trip.pool.in_place_of_flight(&trip.aboard, fault),
        };
        let sender = nobody(&upstreams, stats, until, patience);
        let asking = pin!(trip.ask(&sender, &questions, wave));
        under(batch::<Q>(&questions), asking).await
    };
    // One request's panic is not to be everybody's.
    let journey = AssertUnwindSafe(journey.in_current_span())
        .catch_unwind()
        .map(|answered| answered.unwrap_or_else(|_| Err(Fault::internal())));
    match record {
        Some(record) => record.scope(journey).boxed(),
        None => journey.boxed(),
    }
    .shared()
}

/// Asks as nobody in particular, until then: in the time of a request that had so much when it began. (What is left of it
/// says nothing of how much it had: an upstream is not to blame for what one before it used up.)
pub(super) fn nobody(
    upstreams: &Arc<Upstreams>,
    stats: Arc<Stats>,
    until: Instant,
    patience: Duration,
) -> Sender {
    let mut request = RequestContext::anonymous(patience);
    request.deadline = until;
    Sender::new(upstreams.clone(), Arc::new(request), stats)
}

/// A shared flight under way. With it goes its place in the pool, whatever ends it.
struct Trip<Q: Question> {
    pool: Arc<SharedPool<Q>>,
    aboard: Arc<Aboard<Q>>,
}

impl<Q: Question> Drop for Trip<Q> {
    fn drop(&mut self) {
        self.pool.gone(&self.aboard);
    }
}

impl<Q: Question> Trip<Q> {
    async fn ask(&self, sender: &Sender, questions: &[Q], wave: u32) -> Answered<Q> {
        match Q::CALL {
            Call::Batch => self.call(sender, questions, wave).await,
            Call::Each { at_once } => {
                let pages = stream::iter(0..questions.len())
                    .map(|at| async move {
                        match questions.get(at..=at) {
                            Some(one) => Ok((self.call(sender, one, wave).await?, 0, None)),
                            None => Err(Fault::internal()),
                        }
                    })
                    .buffered(at_once.max(1))
                    .collect::<Vec<_>>()
                    .await;
                Ok(Arc::new(Page::lent(pages)))
            }
        }
    }

    /// One call: new rows, or those that were kept if they are confirmed, or if they may stand in for a failure.
    async fn call(&self, sender: &Sender, questions: &[Q], wave: u32) -> Answered<Q> {
        let known = match questions {
            [only] => self.pool.confirmable(only).map(|(page, condition)| (only, page, condition)),
            _ => None,
        };
        let condition = known.as_ref().map(|(_, _, condition)| condition);
        let mut called = call(sender, questions, wave, condition).await;
        if let (Ok(Called { reply: reply @ Reply { status: 304, .. } }), Some((only, page, _))) =
            (&called, known)
        {
            if let Some(page) = self.pool.keep_on(&self.aboard, only, page, reply) {
                return Ok(page);
            }
            // It confirms something else, or no longer allows to keep it.
            called = call(sender, questions, wave, None).await;
        }
        let read = called.and_then(|mut called| {
            let freshness = Freshness::of(&called.reply);
            if freshness.is_some() {
                // Rows borrow from the body, and that from the connection's buffer: kept ones must not hold on to all of it.
                called.reply.body = Bytes::copy_from_slice(&called.reply.body);
            }
            let page = called.read(questions)?.with_freshness(freshness);
            Ok((page, called.reply.body.len()))
        });
        match read {
            Ok((page, body)) => Ok(self.pool.keep(&self.aboard, questions, page, body)),
            Err(fault) => self.pool.in_place_of(questions, fault),
        }
    }
}

fn batch<Q: Question>(questions: &[Q]) -> tracing::Span {
    tracing::debug_span!("batch", upstream.question = Q::NAME, upstream.keys = questions.len())
}

/// Goes around until nobody else has come since the last time.
///
/// Going around once is not enough: a page is polled by each who waits for it, so the second to board would be the
/// one who sends it off; and async-graphql's roots are polled two at a time (its `FuturesUnordered` yields after two
/// that woke themselves). It does poll those first that never were, so whoever is ready has come when a whole round
/// brought nobody.
fn nobody_else(sender: &Sender) -> impl Future<Output = ()> + Send {
    let mut known = None;
    std::future::poll_fn(move |cx| {
        let arrivals = Some(sender.arrivals.load(Relaxed));
        if known == arrivals {
            return Poll::Ready(());
        }
        known = arrivals;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// An answered call.
struct Called {
    reply: Reply,
}

/// One HTTP call.
async fn call<Q: Question>(
    sender: &Sender,
    questions: &[Q],
    wave: u32,
    condition: Option<&HeaderMap>,
) -> Result<Called, Fault> {
    let mut path = String::with_capacity(64);
    Q::url(questions, &mut path);
    sender.stats.called::<Q>(questions.len(), wave);
    let reply = sender
        .upstreams
        .get(&Q::UPSTREAM, Q::SCOPE, &path, Q::NAME, questions.len(), condition, &sender.request)
        .await?;
    Ok(Called { reply })
}

impl Called {
    /// Its rows.
    fn read<Q: Question>(&self, questions: &[Q]) -> Result<Page<Q>, Fault> {
        match &self.reply {
            Reply { status: 404, .. } => Q::absent(questions),
            reply if reply.status == 400 => Err(Q::refused(questions, reply).unwrap_or_else(|| {
                tracing::error!(
                    upstream.name = Q::UPSTREAM.name(),
                    upstream.question = Q::NAME,
                    http.status = reply.status,
                    "the upstream refuses the question"
                );
                bad_response()
            })),
            reply => Q::read(questions, reply).map_err(|cause| {
                tracing::error!(
                    upstream.name = Q::UPSTREAM.name(),
                    upstream.question = Q::NAME,
                    upstream.cause = cause,
                    "the upstream's answer cannot be read",
                );
                bad_response()
            }),
        }
    }
}
