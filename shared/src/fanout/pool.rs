//! Where all requests of a BFF meet that ask one type of public question.
//!
//! Whoever asks gets the row that was kept, if it is fresh; or a seat on the flight that has this very question aboard,
//! whosesoever it is; or one on the page that boards. While fewer than the limit of a group's batches are under way,
//! a page leaves when a round of its opener's request brought nobody, as a page of one request does: nothing waits at
//! rest. At the limit it waits until one of them is back, and whoever comes meanwhile boards (group commit, as databases
//! write their logs). A page that is full does not wait: nobody could board.
//!
//! Here is who sits where; [`depart`](super::depart) makes the calls. All of it is under one short lock, which
//! nobody holds while waiting, and under which no flight is let go: a flight that is given up takes its name from these
//! lists itself.

use super::{
    Call, Code, Fault, Page, Question, Scope,
    depart::{depart, nobody},
    flight::{Flight, Joint, Journey, over},
    kept::{Budget, Rows, weight},
    loader::{Seat, Sender},
    page::Kept,
    sharing::Clock,
};
use crate::{
    telemetry::RequestRecord,
    upstream::{Reply, freshness::Freshness},
};
use futures::future::{BoxFuture, WeakShared, join_all};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, Semaphore};

type WeakJourney<Q> = WeakShared<BoxFuture<'static, super::flight::Answered<Q>>>;

/// All that requests share of one type of question.
pub(super) struct SharedPool<Q: Question> {
    batches: usize,
    clock: Clock,
    budget: Option<Budget>,
    refreshes: Arc<Semaphore>,
    /// Some edge takes rows of any age in place of a failure.
    takes_stale: AtomicBool,
    state: Mutex<State<Q>>,
}

struct State<Q: Question> {
    /// Questions on pages that board or fly, and where.
    under_way: FxHashMap<Q, UnderWay<Q>>,
    /// Pages that have not left.
    open: Vec<Open<Q>>,
    /// For each batch in the air one of its questions: its group.
    flying: Vec<(u64, Q)>,
    rows: Rows<Q>,
}

struct UnderWay<Q: Question> {
    journey: WeakJourney<Q>,
    aboard: Arc<Aboard<Q>>,
    place: usize,
}

/// A page that has not left.
struct Open<Q: Question> {
    journey: WeakJourney<Q>,
    aboard: Arc<Aboard<Q>>,
    questions: Vec<Q>,
    url_len: usize,
    /// The longest deadline of those aboard.
    until: Instant,
    full: bool,
}

/// What all who are aboard know of their flight.
pub(super) struct Aboard<Q: Question> {
    id: u64,
    /// It is full, or one of its group is back.
    news: Notify,
    departed: OnceLock<Departed<Q>>,
}

struct Departed<Q: Question> {
    /// By the clock that orders calls and writes.
    left: u64,
    /// When its call is given up.
    until: Instant,
    at: Instant,
    questions: Arc<[Q]>,
}

impl<Q: Question> Aboard<Q> {
    /// Whether someone may join: who waits until then and must see what was written since then. Not one who has time,
    /// if the flight was given little: it may fail where a call of their own would not.
    fn takes(&self, asker: Asker<'_>) -> bool {
        let request = &asker.sender.request;
        let fair = asker.sender.upstreams.timeout(&Q::UPSTREAM).min(request.patience) / 2;
        self.departed.get().is_none_or(|departed| {
            departed.left > asker.since && departed.until >= request.deadline.min(departed.at + fair)
        })
    }
}

/// The flights of one request, to which seats are added.
pub(super) struct Seating<'a, Q: Question> {
    pub flights: &'a mut Vec<Flight<Q>>,
    /// Which of them is which flight or page of the pool.
    pub numbers: &'a mut FxHashMap<u64, usize>,
    pub seats: &'a mut FxHashMap<Q, Seat>,
}

impl<Q: Question> Seating<'_, Q> {
    fn seat(&mut self, question: &Q, id: u64, place: usize, flight: impl FnOnce() -> Flight<Q>) {
        let flight = *self.numbers.entry(id).or_insert_with(|| {
            self.flights.push(flight());
            self.flights.len() - 1
        });
        self.seats.insert(question.clone(), Seat { flight, place });
    }
}

/// One who asks: for whom, since when, how deep.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub sender: &'a Arc<Sender>,
    /// What left or was kept before this is too old.
    pub since: u64,
    pub wave: u32,
    /// Nobody else of the request can come.
    pub alone: bool,
}

/// How questions were answered: from rows that were kept, by somebody else's flight, by a call of their own.
#[derive(Default)]
pub(super) struct Tally {
    pub kept: u32,
    pub joined: u32,
    pub asked: u32,
}

impl<Q: Question> SharedPool<Q> {
    pub fn new(batches: usize, clock: Clock, budget: Option<Budget>, refreshes: Arc<Semaphore>) -> Self {
        let state = State {
            under_way: FxHashMap::default(),
            open: Vec::new(),
            flying: Vec::new(),
            rows: Rows::default(),
        };
        // The pool of a caller's question would be a leak waiting to happen.
        debug_assert!(Q::SCOPE == Scope::Public);
        Self {
            batches,
            clock,
            budget,
            refreshes,
            takes_stale: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// Some edge takes rows of any age in place of a failure ([`Ask::stale`](super::Ask::stale)): they are worth keeping.
    pub fn takes_stale(&self) {
        self.takes_stale.store(true, Relaxed);
    }

    /// Whether an answer that may be kept is worth it.
    fn is_worth_keeping(&self, freshness: &Freshness, answers: usize) -> bool {
        freshness.is_of_use(answers == 1) || freshness.may_be_stale() && self.takes_stale.load(Relaxed)
    }

    /// Seats for questions that this request has not asked yet.
    pub fn seat<'q>(
        self: &Arc<Self>,
        asker: Asker<'_>,
        questions: impl Iterator<Item = &'q Q>,
        seating: &mut Seating<'_, Q>,
    ) -> Tally {
        let until = asker.sender.request.deadline;
        let now = Instant::now();
        let (mut tally, mut past) = (Tally::default(), Vec::new());
        let mut state = self.state.lock();
        for question in questions {
            if let Some((page, place, kept)) = self.kept(&state, question, asker.since)
                && let Some(freshness) = page.freshness()
                && let (fresh, true) = (freshness.is_fresh(now), freshness.serves_while_revalidating(now))
            {
                if !fresh {
                    past.push(question.clone());
                }
                tally.kept += 1;
                seating.seat(question, kept.id, place, || {
                    self.budget.iter().for_each(|budget| budget.touch(kept.id));
                    Flight::there(page)
                });
                continue;
            }
            let joined = state.join(question, asker);
            let (journey, aboard, place) = if let Some(joined) = joined {
                tally.joined += 1;
                joined
            } else {
                tally.asked += 1;
                self.board(&mut state, asker, question, until, RequestRecord::current)
            };
            let id = aboard.id;
            let pool = self.clone();
            seating.seat(question, id, place, || Flight::joint(Joint { journey, aboard, pool, until }));
        }
        drop(state);
        if !past.is_empty() {
            self.refresh(asker, past);
        }
        tally
    }

    /// The page that was kept for a question since then, fresh or not.
    fn kept(&self, state: &State<Q>, question: &Q, since: u64) -> Option<(Arc<Page<Q>>, usize, Kept)> {
        self.budget.as_ref()?;
        let (page, place) = state.rows.find(question)?;
        let kept = page.kept.filter(|kept| kept.left > since)?;
        Some((page, place, kept))
    }

    /// The answer that was kept for a question, however old up to `up_to`, and its age. Not one that its upstream
    /// forbids to use past its time.
    pub fn kept_up_to(
        &self,
        question: &Q,
        up_to: Duration,
        since: u64,
    ) -> Option<(Arc<Page<Q>>, usize, Duration)> {
        let now = Instant::now();
        let (page, place, _) = self.kept(&self.state.lock(), question, since)?;
        let freshness = page.freshness()?;
        let age = freshness.age(now);
        (age <= up_to && (freshness.is_fresh(now) || freshness.may_be_stale())).then_some((page, place, age))
    }

    /// Kept answers in place of a failure, for the questions whose upstream allows that (RFC 5861 §4).
    pub fn in_place_of(&self, questions: &[Q], fault: Fault) -> Result<Arc<Page<Q>>, Fault> {
        if !matches!(fault.code, Code::UpstreamUnavailable | Code::DeadlineExceeded) {
            return Err(fault);
        }
        let now = Instant::now();
        let state = self.state.lock();
        let answers: Vec<_> = questions
            .iter()
            .map(|question| {
                let (page, place, _) = self.kept(&state, question, 0).ok_or_else(|| fault.clone())?;
                let freshness = page.freshness().filter(|freshness| freshness.serves_on_error(now));
                let age = freshness.ok_or_else(|| fault.clone())?.age(now);
                Ok((page, place, Some(age)))
            })
            .collect();
        drop(state);
        if answers.iter().all(Result::is_err) { Err(fault) } else { Ok(Arc::new(Page::lent(answers))) }
    }

    /// The same for all aboard a flight, in their places; also while it waits for its turn.
    pub fn in_place_of_flight(&self, aboard: &Aboard<Q>, fault: Fault) -> Result<Arc<Page<Q>>, Fault> {
        if let Some(departed) = aboard.departed.get() {
            return self.in_place_of(&departed.questions, fault);
        }
        let state = self.state.lock();
        let page = state.open.iter().find(|page| page.aboard.id == aboard.id);
        let questions = page.map(|page| page.questions.clone()).unwrap_or_default();
        drop(state);
        self.in_place_of(&questions, fault)
    }

    /// Boards a page that has not left, or opens one.
    fn board(
        self: &Arc<Self>,
        state: &mut State<Q>,
        asker: Asker<'_>,
        question: &Q,
        until: Instant,
        record: impl FnOnce() -> Option<Arc<RequestRecord>>,
    ) -> (Journey<Q>, Arc<Aboard<Q>>, usize) {
        let key_len = question.key().url_len() + 1;
        let of_group = |page: &&mut Open<Q>| {
            !page.full && page.questions.first().is_some_and(|first| first.same_group(question))
        };
        if let Some(page) = state.open.iter_mut().find(of_group) {
            let fits = page.questions.len() < Q::PAGE && page.url_len + key_len <= Q::UPSTREAM.max_url();
            // Without a journey, all who were aboard have left. (Nothing is taken up that may be let go here.)
            match fits.then(|| page.journey.upgrade()).flatten() {
                Some(journey) => {
                    let place = page.questions.len();
                    page.questions.push(question.clone());
                    page.url_len += key_len;
                    page.until = page.until.max(until);
                    let (aboard, weak) = (page.aboard.clone(), page.journey.clone());
                    if page.questions.len() >= Q::PAGE {
                        page.fill();
                    }
                    state
                        .under_way
                        .insert(question.clone(), UnderWay { journey: weak, aboard: aboard.clone(), place });
                    return (journey, aboard, place);
                }
                None => page.fill(),
            }
        }
        let aboard =
            Arc::new(Aboard { id: self.clock.tick(), news: Notify::new(), departed: OnceLock::new() });
        // A team's code: whatever it does, it does before there is a journey that would have to be taken back.
        let mut url = String::new();
        Q::url(std::slice::from_ref(question), &mut url);
        let journey = depart(self.clone(), asker, aboard.clone(), record());
        if let Some(weak) = journey.downgrade() {
            state.under_way.insert(
                question.clone(),
                UnderWay { journey: weak.clone(), aboard: aboard.clone(), place: 0 },
            );
            state.open.push(Open {
                journey: weak,
                aboard: aboard.clone(),
                questions: vec![question.clone()],
                url_len: url.len(),
                until,
                full: Q::PAGE <= 1,
            });
        }
        (journey, aboard, 0)
    }

    /// A page's turn to leave, once it is: its questions, and when its call is to be given up.
    ///
    /// # Errors
    /// The time of all aboard is over.
    pub async fn turn(&self, aboard: &Aboard<Q>) -> Result<(Arc<[Q]>, Instant), Fault> {
        loop {
            let until = match self.leave(aboard) {
                Ok(departed) => return Ok((departed.questions.clone(), departed.until)),
                Err(until) => until,
            };
            let until = tokio::time::Instant::from_std(until);
            if tokio::time::timeout_at(until, aboard.news.notified()).await.is_err()
                && self.leave_by(aboard).is_none_or(|until| until <= Instant::now())
            {
                return Err(over());
            }
        }
    }

    fn leave_by(&self, aboard: &Aboard<Q>) -> Option<Instant> {
        let state = self.state.lock();
        state.open.iter().find(|page| page.aboard.id == aboard.id).map(|page| page.until)
    }

    /// Leaves, or says how long those aboard would wait.
    fn leave<'a>(&self, aboard: &'a Aboard<Q>) -> Result<&'a Departed<Q>, Instant> {
        let now = Instant::now();
        let mut state = self.state.lock();
        let state = &mut *state;
        let found = state.open.iter().enumerate().find(|(_, page)| page.aboard.id == aboard.id);
        let Some((at, page)) = found else { return Err(now) };
        // Only keys of one call can gather for the next.
        if let (Call::Batch, false, Some(group)) = (Q::CALL, page.full, page.questions.first()) {
            let flying = state.flying.iter().filter(|(_, other)| other.same_group(group)).count();
            if flying >= self.batches {
                return Err(page.until);
            }
        }
        let page = state.open.swap_remove(at);
        if let (Call::Batch, 2.., Some(group)) = (Q::CALL, Q::PAGE, page.questions.first()) {
            state.flying.push((aboard.id, group.clone()));
        }
        Ok(aboard.departed.get_or_init(|| Departed {
            left: self.clock.tick(),
            until: page.until,
            at: now,
            questions: page.questions.into(),
        }))
    }

    /// A flight is over, however it ended.
    pub fn gone(&self, aboard: &Aboard<Q>) {
        let mut state = self.state.lock();
        let state = &mut *state;
        if let Some(at) = state.flying.iter().position(|(id, _)| *id == aboard.id) {
            let (_, group) = state.flying.swap_remove(at);
            let next = state.open.iter().find(|page| {
                !page.full && page.questions.first().is_some_and(|first| first.same_group(&group))
            });
            if let Some(page) = next {
                page.aboard.news.notify_one();
            }
        }
        let boarded = state.open.iter().position(|page| page.aboard.id == aboard.id);
        let boarded = boarded.map(|at| state.open.swap_remove(at).questions);
        let departed = aboard.departed.get().map_or(&[] as &[Q], |departed| &departed.questions);
        for question in boarded.as_deref().unwrap_or(departed) {
            if state.under_way.get(question).is_some_and(|it| it.aboard.id == aboard.id) {
                state.under_way.remove(question);
            }
        }
    }

    /// Keeps a page that answers these questions of a flight, as far as its upstream allows and nobody made them stale
    /// since it left. Its body's length is the best guess at what its rows point to.
    pub fn keep(&self, aboard: &Aboard<Q>, questions: &[Q], page: Page<Q>, body: usize) -> Arc<Page<Q>> {
        let weight = weight(&page, body, questions);
        self.keep_as_heavy(aboard, questions, page, weight)
    }

    /// Keeps what the upstream has confirmed: the same rows, for a while longer.
    pub fn keep_on(
        &self,
        aboard: &Aboard<Q>,
        question: &Q,
        known: Arc<Page<Q>>,
        reply: &Reply,
    ) -> Option<Arc<Page<Q>>> {
        let weight = known.kept?.weight;
        let freshness = known.freshness()?.confirmed(reply)?;
        let page = Page::lent(vec![Ok((known, 0, None))]).with_freshness(Some(freshness));
        Some(self.keep_as_heavy(aboard, std::slice::from_ref(question), page, weight))
    }

    fn keep_as_heavy(
        &self,
        aboard: &Aboard<Q>,
        questions: &[Q],
        mut page: Page<Q>,
        weight: u32,
    ) -> Arc<Page<Q>> {
        let (Some(budget), Some(departed)) = (&self.budget, aboard.departed.get()) else {
            return Arc::new(page);
        };
        if page.freshness().is_none_or(|freshness| !self.is_worth_keeping(freshness, questions.len())) {
            // There is a newer answer than the one that was kept: that is not to be used any more, not even past its
            // time.
            let mut state = self.state.lock();
            questions.iter().for_each(|question| state.rows.forget_one(question));
            return Arc::new(page);
        }
        // A batch is known by its flight's name: whoever was aboard knows it as that.
        let whole = questions.len() == departed.questions.len();
        let id = if whole { aboard.id } else { self.clock.tick() };
        page.kept = Some(Kept { id, left: departed.left, weight });
        let page = Arc::new(page);
        let (mut kept, mut replaced) = (false, Vec::new());
        let mut state = self.state.lock();
        for (place, question) in questions.iter().enumerate() {
            if state.under_way.get(question).is_some_and(|it| it.aboard.id == aboard.id) {
                kept = true;
                let before = state.rows.put(question, &page, place);
                replaced.extend(before.filter(|before| before.answers() == 1));
            }
        }
        drop(state);
        for page in replaced {
            page.kept.iter().for_each(|kept| budget.let_go(kept.id));
        }
        if kept {
            let bytes = budget.keep(&page);
            RequestRecord::with_current(|record| record.rows_kept(Q::UPSTREAM.name(), bytes));
        }
        page
    }

    /// The answer to this one question that was kept and can be confirmed, with the headers that ask for that.
    pub fn confirmable(&self, question: &Q) -> Option<(Arc<Page<Q>>, http::HeaderMap)> {
        let (page, place, _) = self.kept(&self.state.lock(), question, 0)?;
        // A validator is one of a whole answer: of a batch it says nothing about a single key.
        if page.answers() != 1 || place != 0 {
            return None;
        }
        let condition = page.freshness()?.condition()?;
        Some((page, condition))
    }

    /// Rows past their time were used, as their upstream allows while they are asked for again: asks.
    ///
    /// The one place where something is spawned. It is bounded in number, and in time by its deadline; it asks for
    /// nothing that is under way, and nobody waits for it: not a request, not a shutdown.
    fn refresh(self: &Arc<Self>, asker: Asker<'_>, questions: Vec<Q>) {
        let Ok(room) = self.refreshes.clone().try_acquire_owned() else { return };
        let patience = asker.sender.upstreams.timeout(&Q::UPSTREAM) * 2;
        let sender = nobody(&asker.sender.upstreams, Arc::default(), Instant::now() + patience, patience);
        let until = sender.request.deadline;
        let sender = Arc::new(sender);
        let asker = Asker { sender: &sender, ..asker };
        // Its calls are not those of the request that happened to come.
        let record = RequestRecord::current()
            .map(|record| RequestRecord::new(record.service().clone(), record.trace().clone()));
        let (mut flights, mut others) = (Vec::new(), Vec::new());
        let mut state = self.state.lock();
        for question in &questions {
            match state.join(question, asker) {
                Some((journey, ..)) => others.push(journey),
                None => flights.push(self.board(&mut state, asker, question, until, || record.clone()).0),
            }
        }
        drop(state);
        drop(others);
        if flights.is_empty() {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "it outlives its request by intent, under its trace")]
        tokio::spawn(async move {
            join_all(flights).await;
            drop(room);
        });
    }

    /// These questions have other answers now: what is kept of them, or left before now, is too old.
    pub fn forget(&self, which: impl Fn(&Q) -> bool) {
        let mut state = self.state.lock();
        state.under_way.retain(|question, it| it.aboard.departed.get().is_none() || !which(question));
        state.rows.forget(which);
    }

    /// The same for one question.
    pub fn forget_one(&self, question: &Q) {
        let mut state = self.state.lock();
        if state.under_way.get(question).is_some_and(|it| it.aboard.departed.get().is_some()) {
            state.under_way.remove(question);
        }
        state.rows.forget_one(question);
    }
}

impl<Q: Question> State<Q> {
    /// A seat on the flight that has this question aboard, if it takes one who asks so.
    fn join(&mut self, question: &Q, asker: Asker<'_>) -> Option<(Journey<Q>, Arc<Aboard<Q>>, usize)> {
        let it = self.under_way.get(question)?;
        if !it.aboard.takes(asker) {
            return None;
        }
        let journey = it.journey.upgrade()?;
        if it.aboard.departed.get().is_none()
            && let Some(page) = self.open.iter_mut().find(|page| page.aboard.id == it.aboard.id)
        {
            page.until = page.until.max(asker.sender.request.deadline);
        }
        Some((journey, it.aboard.clone(), it.place))
    }
}

impl<Q: Question> Open<Q> {
    /// Takes nobody any more; there is nothing to wait for.
    fn fill(&mut self) {
        self.full = true;
        self.aboard.news.notify_one();
    }
}
