//! The one generic loader: per request, acting for its caller, answering the questions of a level in batches.
//!
//! No timer: a batch leaves when whoever else is ready in this request has asked too. Batches
//! of different questions, groups and pages are under way at once. A question is asked once a request, whatever
//! its answer: rows, none, or a failure. Nothing is spawned: calls end with the request that wants them.

use super::{
    Fault, Page, Place, Question,
    account::{Account, Fanout, Shared},
    depart::depart_alone,
    flight::Flight,
    policy::DegradedAt,
    pool::{Asker, Seating, SharedPool},
    strictest::Strictest,
};
use crate::{quota::Cost, request::RequestContext, telemetry::RequestRecord, upstream::Upstreams};
use futures::FutureExt;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::{
    any::{Any, TypeId},
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{
            AtomicU32, AtomicU64,
            Ordering::{self, Relaxed},
        },
    },
    time::Duration,
};

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
    asked: AtomicU32,
    kept: AtomicU32,
    shared: AtomicU32,
    waves: AtomicU32,
    /// Waves of what a resolver written by hand did before it returned.
    before: AtomicU32,
    /// The freshness of what was read, if somebody wants to know.
    strictest: Option<Strictest>,
    /// Only where somebody looks at it.
    account: Option<Account>,
    degraded: Mutex<Vec<DegradedAt>>,
    /// What that costs which was there, where somebody pays for it.
    touched: Option<AtomicU64>,
    /// What the operation cost, where somebody pays for it.
    cost: Mutex<Option<Cost>>,
}

impl Stats {
    /// With an account of every edge, for `extensions.fanout`.
    pub(crate) fn in_detail() -> Self {
        Self { account: Some(Account::begin()), ..Self::default() }
    }

    /// The account so far, if one is kept.
    pub(crate) fn fanout(&self) -> Option<Fanout> {
        let shared = Shared { cache_hits: self.cache_hits(), joined: self.shared() };
        self.account.as_ref().map(|account| account.close(shared))
    }

    /// Counts what is there as well.
    #[must_use]
    pub(crate) fn with_objects(self) -> Self {
        Self { touched: Some(AtomicU64::new(0)), ..self }
    }

    /// What is there costs so much more: 1 for each object, if no tag says otherwise.
    pub(super) fn touch(&self, cost: u64) {
        if let Some(touched) = &self.touched {
            touched.fetch_add(cost, Relaxed);
        }
    }

    /// What all costs that was there so far, if it is counted.
    pub(crate) fn touched(&self) -> u64 {
        self.touched.as_ref().map_or(0, |touched| touched.load(Relaxed))
    }

    /// It cost so much: to be told in `extensions.cost`.
    pub(crate) fn settled(&self, cost: Cost) {
        *self.cost.lock() = Some(cost);
    }

    /// What it cost, if that is to be told.
    pub(crate) fn take_cost(&self) -> Option<Cost> {
        self.cost.lock().take()
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

    /// A call leaves with questions of one type, in the `wave`th wave of its root.
    pub(super) fn called<Q: Question>(&self, keys: usize, wave: u32) {
        self.sent(keys, wave);
        if let Some(account) = &self.account {
            account.called::<Q>(keys, self.before() + wave);
        }
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

    /// Keys wanted, each counted where it was wanted: those of a level are distinct.
    pub fn asked(&self) -> u32 {
        self.asked.load(Relaxed)
    }

    /// Of the keys wanted, those whose rows were kept from earlier requests.
    pub fn cache_hits(&self) -> u32 {
        self.kept.load(Relaxed)
    }

    /// Of the keys wanted, those that another request had under way, and that its call answered.
    pub fn shared(&self) -> u32 {
        self.shared.load(Relaxed)
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
        self.waited_in(wave);
    }

    /// A call of the `wave`th wave is waited for.
    fn waited_in(&self, wave: u32) {
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
    pub arrivals: AtomicU32,
}

impl Sender {
    pub fn new(upstreams: Arc<Upstreams>, request: Arc<RequestContext>, stats: Arc<Stats>) -> Self {
        Self { upstreams, request, stats, arrivals: AtomicU32::new(0) }
    }
}

/// Answers questions for one request.
pub struct Loader {
    sender: Arc<Sender>,
    /// One pool for each type of question. Few: a list is found through faster than a map.
    pools: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
    /// What other requests asked before this is too old for this one.
    since: AtomicU64,
}

impl Loader {
    /// For one request.
    pub fn new(upstreams: Arc<Upstreams>, request: Arc<RequestContext>, stats: Arc<Stats>) -> Self {
        let sender = Arc::new(Sender::new(upstreams, request, stats));
        Self { sender, pools: Mutex::default(), since: AtomicU64::new(0) }
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

    /// A loader for the same caller with a new deadline that knows no answer yet: for an event of a subscription, which
    /// happens now.
    pub(super) fn for_next_event(&self) -> Arc<Self> {
        self.for_event(self.sender.upstreams.sharing().tick())
    }

    /// The same for an event that was heard of at that time of the upstreams' clock: what it changes may have been known
    /// before, and was not asked for since. What others ask because of the same event is for all of them.
    pub(crate) fn for_event(&self, since: u64) -> Arc<Self> {
        let request = Arc::new(self.sender.request.renewed());
        let next = Self::new(self.sender.upstreams.clone(), request, self.sender.stats.clone());
        next.since.store(since, Ordering::Release);
        Arc::new(next)
    }

    /// Forgets all answers: something was written, and the reader must see it. Neither does this request take from
    /// others any more what they asked before.
    pub fn forget(&self) {
        self.since.store(self.sender.upstreams.sharing().tick(), Ordering::Release);
        let pools = std::mem::take(&mut *self.pools.lock());
        drop(pools);
    }

    /// The answer that was kept for a question, fresh or not, if it is not older than `up_to`: its page, the question's
    /// place on it, and its age. Only a `Public` question's answers are kept, and none past its time that its upstream
    /// says must be asked for again.
    pub fn kept<Q: Question>(
        &self,
        question: &Q,
        up_to: Duration,
    ) -> Option<(Arc<Page<Q>>, usize, Duration)> {
        let pool = self.sender.upstreams.sharing().pool::<Q>()?;
        pool.kept_up_to(question, up_to, self.since.load(Ordering::Acquire))
    }

    /// Rows of this question are taken whatever their age, in place of a failure: from now on they are kept for that.
    pub fn takes_stale<Q: Question>(&self) {
        if let Some(pool) = self.sender.upstreams.sharing().pool::<Q>() {
            pool.takes_stale();
        }
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
        if let Some(account) = &self.sender.stats.account {
            account.asked(place, self.sender.stats.before(), questions);
        }
        self.sender.stats.asked.fetch_add(u32::try_from(questions.len()).unwrap_or(u32::MAX), Relaxed);
        let pool = self.once(|| Pool::<Q>::new(self.sender.upstreams.sharing().pool()));
        let since = self.since.load(Ordering::Acquire);
        pool.ask(Asker { sender: &self.sender, since, wave: place.wave, alone: place.alone }, questions)
    }

    /// Somebody came who has or will have a seat: others may be right behind.
    pub(super) fn arrived(&self) {
        self.sender.arrivals.fetch_add(1, Relaxed);
    }
}

/// All questions of one type that this request has asked.
struct Pool<Q: Question> {
    /// Where it meets other requests, if it may.
    shared: Option<Arc<SharedPool<Q>>>,
    asked: Mutex<Asked<Q>>,
}

struct Asked<Q: Question> {
    seats: FxHashMap<Q, Seat>,
    flights: Vec<Flight<Q>>,
    /// Pages that have not left: at most one a group.
    boarding: Vec<Arc<Mutex<Boarding<Q>>>>,
    /// Which of the flights is which of the shared pool's.
    numbers: FxHashMap<u64, usize>,
}

/// A page that still takes questions.
pub(super) struct Boarding<Q> {
    flight: usize,
    questions: Vec<Q>,
    url_len: usize,
    left: bool,
}

impl<Q> Boarding<Q> {
    /// Takes nobody any more.
    pub fn leave(&mut self) -> Vec<Q> {
        self.left = true;
        std::mem::take(&mut self.questions)
    }
}

impl<Q: Question> Pool<Q> {
    fn new(shared: Option<Arc<SharedPool<Q>>>) -> Self {
        let asked = Asked {
            seats: FxHashMap::default(),
            flights: Vec::new(),
            boarding: Vec::new(),
            numbers: FxHashMap::default(),
        };
        Self { shared, asked: Mutex::new(asked) }
    }

    fn ask(&self, asker: Asker<'_>, questions: &[Q]) -> (Vec<Flight<Q>>, Vec<Seat>) {
        let mut asked = self.asked.lock();
        let asked = &mut *asked;
        asked.seats.reserve(questions.len());
        match &self.shared {
            Some(pool) => asked.board_with_others(pool, asker, questions),
            None => asked.boarding.retain(|page| !page.lock().left),
        }
        let mut mine = Mine::default();
        let mut seats = Vec::with_capacity(questions.len());
        for question in questions {
            let seat = match asked.seats.get(question) {
                Some(seat) => *seat,
                None => asked.board(asker, question),
            };
            seats.push(Seat { flight: mine.number(seat.flight), place: seat.place });
        }
        (mine.flights.iter().filter_map(|flight| asked.flights.get(*flight).cloned()).collect(), seats)
    }
}

/// The flights of one ask, by the number each has in the pool.
#[derive(Default)]
struct Mine {
    flights: Vec<usize>,
    /// Filled once there are many, as where rows were kept one by one.
    numbers: FxHashMap<usize, usize>,
}

impl Mine {
    const FEW: usize = 16;

    fn number(&mut self, flight: usize) -> usize {
        let known = if self.flights.len() <= Self::FEW {
            self.flights.iter().rposition(|other| *other == flight)
        } else {
            if self.numbers.is_empty() {
                self.numbers = self.flights.iter().enumerate().map(|(at, flight)| (*flight, at)).collect();
            }
            self.numbers.get(&flight).copied()
        };
        known.unwrap_or_else(|| {
            let number = self.flights.len();
            self.flights.push(flight);
            if !self.numbers.is_empty() {
                self.numbers.insert(flight, number);
            }
            number
        })
    }
}

impl<Q: Question> Asked<Q> {
    /// Seats for what this request has not asked yet, among all others who ask this.
    fn board_with_others(&mut self, pool: &Arc<SharedPool<Q>>, asker: Asker<'_>, questions: &[Q]) {
        let Self { seats, flights, numbers, .. } = self;
        let new: Vec<&Q> = questions.iter().filter(|question| !seats.contains_key(*question)).collect();
        if new.is_empty() {
            return;
        }
        let tally = pool.seat(asker, new.into_iter(), &mut Seating { flights, numbers, seats });
        let stats = &asker.sender.stats;
        stats.kept.fetch_add(tally.kept, Relaxed);
        stats.shared.fetch_add(tally.joined, Relaxed);
        if tally.joined > 0 {
            stats.waited_in(asker.wave);
        }
        RequestRecord::with_current(|record| {
            record.keys_answered(Q::UPSTREAM.name(), tally.kept, tally.joined, tally.asked);
        });
    }

    fn board(&mut self, asker: Asker<'_>, question: &Q) -> Seat {
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
        if Q::PAGE > 1 {
            Q::url(std::slice::from_ref(question), &mut url);
        }
        let page = Arc::new(Mutex::new(Boarding {
            flight: seat.flight,
            questions: vec![question.clone()],
            url_len: url.len(),
            left: false,
        }));
        // A panic in reading it is the same failure for all who wait for it, and logged once.
        let journey = depart_alone(asker.sender.clone(), page.clone(), asker.wave, asker.alone);
        let journey = AssertUnwindSafe(journey)
            .catch_unwind()
            .map(|answered| answered.unwrap_or_else(|_| Err(Fault::internal())));
        self.flights.push(Flight::own(journey.boxed().shared()));
        if Q::PAGE > 1 {
            self.boarding.push(page);
        }
        self.seats.insert(question.clone(), seat);
        seat
    }
}
