//! The one generic loader: per request, acting for its caller, answering the questions of a level in batches.
//!
//! No timer: a batch leaves when whoever else is ready in this request has asked too. Batches
//! of different questions, groups and pages are under way at once. A question is asked once a request, whatever
//! its answer: rows, none, or a failure. Nothing is spawned: calls end with the request that wants them.

use super::{
    Call, Fault, Page, Place, Question,
    account::{Account, Fanout},
    policy::DegradedAt,
    strictest::Strictest,
};
use crate::{
    request::RequestContext,
    upstream::{Reply, Upstreams, client::bad_response, freshness::fresh_until},
};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Shared},
    stream,
};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::{
    any::{Any, TypeId},
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    task::Poll,
};
use tracing::Instrument;

/// The page that answers a question, once it is there.
pub(super) type Answered<Q> = Result<Arc<Page<Q>>, Fault>;

/// A page on its way, awaited by all who asked for something on it.
///
/// A type of its own: behind a bare alias rustc loses that the future is `'static` where the loader is used
/// through `dataloader`.
pub(super) struct Flight<Q: Question>(Shared<BoxFuture<'static, Answered<Q>>>);

impl<Q: Question> Clone for Flight<Q> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: Question> Flight<Q> {
    pub async fn land(self) -> Answered<Q> {
        self.0.await
    }
}

/// Where a question's answer will be: in which of the flights, at which place.
#[derive(Clone, Copy)]
pub(super) struct Seat {
    pub flight: usize,
    pub place: usize,
}

/// What a request asked of upstreams so far.
#[derive(Debug, Default)]
pub struct Stats {
    calls: AtomicU32,
    keys: AtomicU32,
    waves: AtomicU32,
    /// Waves of what a resolver written by hand did before it returned.
    before: AtomicU32,
    /// The freshness of what was read, if somebody wants to know.
    strictest: Option<Strictest>,
    /// Only where somebody looks at it.
    account: Option<Account>,
    degraded: Mutex<Vec<DegradedAt>>,
}

impl Stats {
    /// With an account of every edge, for `extensions.fanout`.
    pub(crate) fn in_detail() -> Self {
        Self { account: Some(Account::begin()), ..Self::default() }
    }

    /// The account so far, if one is kept.
    pub(crate) fn fanout(&self) -> Option<Fanout> {
        self.account.as_ref().map(Account::close)
    }

    /// These places of the answer are less than they should be.
    pub(super) fn degraded(&self, mut places: Vec<DegradedAt>) {
        if !places.is_empty() {
            self.degraded.lock().append(&mut places);
        }
    }

    /// What was told of them since this was last asked.
    pub(crate) fn take_degraded(&self) -> Vec<DegradedAt> {
        std::mem::take(&mut *self.degraded.lock())
    }

    /// A write leaves.
    pub(crate) fn wrote(&self, upstream: &'static str) {
        self.sent(1, 1);
        if let Some(account) = &self.account {
            account.wrote(self.before(), upstream);
        }
    }

    /// HTTP requests sent.
    pub fn calls(&self) -> u32 {
        self.calls.load(Relaxed)
    }

    /// Keys sent in them.
    pub fn keys(&self) -> u32 {
        self.keys.load(Relaxed)
    }

    /// The depth of the fan-out: how many calls had to wait for each other, at most. It follows from the document and
    /// not from how fast anybody answered.
    pub fn waves(&self) -> u32 {
        self.waves.load(Relaxed)
    }

    /// Notes as well until when what was read is fresh.
    #[must_use]
    pub(crate) fn with_freshness(self) -> Self {
        Self { strictest: Some(Strictest::default()), ..self }
    }

    /// The freshness of what was read so far, if it is noted.
    pub(crate) fn strictest(&self) -> Option<&Strictest> {
        self.strictest.as_ref()
    }

    /// A call leaves, in the `wave`th wave of its root.
    pub(crate) fn sent(&self, keys: usize, wave: u32) {
        self.calls.fetch_add(1, Relaxed);
        self.keys.fetch_add(u32::try_from(keys).unwrap_or(u32::MAX), Relaxed);
        self.waves.fetch_max(self.before.load(Relaxed) + wave, Relaxed);
    }

    /// The waves that came before what a resolver written by hand asks now.
    pub(crate) fn before(&self) -> u32 {
        self.before.load(Relaxed)
    }

    /// That resolver has waited: what it asks or returns next comes a wave later.
    pub(crate) fn waited(&self, before: u32) {
        self.before.fetch_max(before + 1, Relaxed);
    }
}

/// What a flight holds of its request. Not the pools: they hold the flight.
pub(super) struct Sender {
    pub upstreams: Arc<Upstreams>,
    pub request: Arc<RequestContext>,
    pub stats: Arc<Stats>,
    /// How often somebody came to ask: while it grows, no page leaves.
    arrivals: AtomicU32,
}

/// Answers questions for one request.
pub struct Loader {
    sender: Arc<Sender>,
    /// One pool for each type of question. Few: a list is found through faster than a map.
    pools: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
}

impl Loader {
    /// For one request.
    pub fn new(upstreams: Arc<Upstreams>, request: Arc<RequestContext>, stats: Arc<Stats>) -> Self {
        let sender = Sender { upstreams, request, stats, arrivals: AtomicU32::new(0) };
        Self { sender: Arc::new(sender), pools: Mutex::default() }
    }

    /// Whose request this is.
    pub fn request(&self) -> &Arc<RequestContext> {
        &self.sender.request
    }

    /// The ways out.
    pub fn upstreams(&self) -> &Arc<Upstreams> {
        &self.sender.upstreams
    }

    /// What was asked so far.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.sender.stats
    }

    /// A loader for the same caller with a new deadline that knows no answer yet: for an event of a subscription.
    pub(super) fn for_next_event(&self) -> Self {
        let request = Arc::new(self.sender.request.renewed());
        Self::new(self.sender.upstreams.clone(), request, self.sender.stats.clone())
    }

    /// Forgets all answers: something was written, and the reader must see it.
    pub fn forget(&self) {
        self.pools.lock().clear();
    }

    /// Something of this request's that is made once, such as the pool of a type of question.
    pub(super) fn once<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut pools = self.pools.lock();
        let found = pools
            .iter()
            .find(|(of, _)| *of == TypeId::of::<T>())
            .and_then(|(_, any)| any.clone().downcast::<T>().ok());
        found.unwrap_or_else(|| {
            let made = Arc::new(make());
            pools.push((TypeId::of::<T>(), made.clone()));
            made
        })
    }

    /// The flights that answer these distinct questions, and which answers which, where.
    pub(super) fn ask<Q: Question>(&self, questions: &[Q], place: &Place) -> (Vec<Flight<Q>>, Vec<Seat>) {
        self.arrived();
        self.once(Pool::<Q>::default).ask(&self.sender, questions, place)
    }

    /// Somebody came who has or will have a seat: others may be right behind.
    pub(super) fn arrived(&self) {
        self.sender.arrivals.fetch_add(1, Relaxed);
    }
}

/// All questions of one type that this request has asked.
struct Pool<Q: Question>(Mutex<Asked<Q>>);

struct Asked<Q: Question> {
    seats: FxHashMap<Q, Seat>,
    flights: Vec<Flight<Q>>,
    /// Pages that have not left: at most one a group.
    boarding: Vec<Arc<Mutex<Boarding<Q>>>>,
}

/// A page that still takes questions.
struct Boarding<Q> {
    flight: usize,
    questions: Vec<Q>,
    url_len: usize,
    left: bool,
}

impl<Q: Question> Default for Pool<Q> {
    fn default() -> Self {
        Self(Mutex::new(Asked { seats: FxHashMap::default(), flights: Vec::new(), boarding: Vec::new() }))
    }
}

impl<Q: Question> Pool<Q> {
    fn ask(&self, sender: &Arc<Sender>, questions: &[Q], place: &Place) -> (Vec<Flight<Q>>, Vec<Seat>) {
        let mut asked = self.0.lock();
        let asked = &mut *asked;
        asked.seats.reserve(questions.len());
        asked.boarding.retain(|page| !page.lock().left);
        // Flights of this ask, with the number each has in the pool.
        let mut mine: Vec<usize> = Vec::with_capacity(1);
        let mut seats = Vec::with_capacity(questions.len());
        let known = asked.seats.len();
        for question in questions {
            let seat = match asked.seats.get(question) {
                Some(seat) => *seat,
                None => asked.board(sender, question, place),
            };
            let flight = mine.iter().rposition(|flight| *flight == seat.flight).unwrap_or_else(|| {
                mine.push(seat.flight);
                mine.len() - 1
            });
            seats.push(Seat { flight, place: seat.place });
        }
        if let Some(account) = &sender.stats.account {
            account.asked(place, sender.stats.before(), questions, asked.seats.len() - known);
        }
        (mine.iter().filter_map(|flight| asked.flights.get(*flight).cloned()).collect(), seats)
    }
}

impl<Q: Question> Asked<Q> {
    fn board(&mut self, sender: &Arc<Sender>, question: &Q, place: &Place) -> Seat {
        let key_len = question.key().url_len() + 1;
        let mut full = None;
        for (at, page) in self.boarding.iter().enumerate() {
            let mut page = page.lock();
            if !page.questions.first().is_some_and(|first| first.same_group(question)) {
                continue;
            }
            if page.questions.len() >= Q::PAGE || page.url_len + key_len > Q::UPSTREAM.max_url() {
                full = Some(at);
                break;
            }
            let seat = Seat { flight: page.flight, place: page.questions.len() };
            page.questions.push(question.clone());
            page.url_len += key_len;
            self.seats.insert(question.clone(), seat);
            return seat;
        }
        if let Some(at) = full {
            self.boarding.swap_remove(at);
        }
        let seat = Seat { flight: self.flights.len(), place: 0 };
        let mut url = String::new();
        Q::url(std::slice::from_ref(question), &mut url);
        let page = Arc::new(Mutex::new(Boarding {
            flight: seat.flight,
            questions: vec![question.clone()],
            url_len: url.len(),
            left: false,
        }));
        self.flights.push(Flight(depart(sender.clone(), page.clone(), place.clone()).boxed().shared()));
        if Q::PAGE > 1 {
            self.boarding.push(page);
        }
        self.seats.insert(question.clone(), seat);
        seat
    }
}

/// Lets everybody who is ready board, then asks.
/// The place is that of whoever opened the page.
async fn depart<Q: Question>(
    sender: Arc<Sender>,
    page: Arc<Mutex<Boarding<Q>>>,
    opener: Place,
) -> Answered<Q> {
    if Q::PAGE > 1 {
        nobody_else(&sender).await;
    }
    let questions = {
        let mut page = page.lock();
        page.left = true;
        std::mem::take(&mut page.questions)
    };
    match Q::CALL {
        Call::Batch => {
            let batch =
                tracing::debug_span!("batch", upstream.question = Q::NAME, upstream.keys = questions.len());
            call(&sender, &questions, &opener).instrument(batch).await.map(Arc::new)
        }
        Call::Each { at_once } => {
            // Indices, not borrowed questions: a stream of borrows is not provably Send.
            let (sender, questions, opener) = (&sender, &questions, &opener);
            let pages = stream::iter(0..questions.len())
                .map(|at| async move {
                    match questions.get(at..=at) {
                        Some(one) => call(sender, one, opener).await,
                        None => Err(Fault::internal()),
                    }
                })
                .buffered(at_once.max(1))
                .collect::<Vec<_>>()
                .instrument(tracing::debug_span!(
                    "batch",
                    upstream.question = Q::NAME,
                    upstream.keys = questions.len()
                ))
                .await;
            Ok(Arc::new(Page::joined(pages)))
        }
    }
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

/// One HTTP call, and its rows.
async fn call<Q: Question>(sender: &Sender, questions: &[Q], opener: &Place) -> Result<Page<Q>, Fault> {
    let mut path = String::with_capacity(64);
    Q::url(questions, &mut path);
    sender.stats.sent(questions.len(), opener.wave);
    if let Some(account) = &sender.stats.account {
        account.called::<Q>(opener, sender.stats.before());
    }
    let reply = sender
        .upstreams
        .get(&Q::UPSTREAM, Q::SCOPE, &path, Q::NAME, questions.len(), &sender.request)
        .await?;
    let page = page(questions, &reply)?;
    let until = sender.stats.strictest().and_then(|_| fresh_until(&reply));
    Ok(page.with_fresh_until(until))
}

/// What an answer says to the questions it was asked.
fn page<Q: Question>(questions: &[Q], reply: &Reply) -> Result<Page<Q>, Fault> {
    match reply {
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
