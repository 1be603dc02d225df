//! What a connection is doing, and since when: written by its task, read by the patrol.

use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicU8, AtomicU64, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use tokio::sync::Notify;

use super::{frames::Begun, turns::Turn};

/// What all connections of a listener share. Times are milliseconds since the listener began, as of the patrol's last
/// round: nobody looks at a clock for a single read.
pub(super) struct Common {
    now: AtomicU64,
    draining: AtomicBool,
    /// Bytes of answers that peers have not taken yet, where they are counted.
    unsent: AtomicUsize,
}

/// What the patrol wants of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Finish what is under way, then end.
    Close,
    /// End now.
    Cut,
}

/// Nobody waits for anything.
const NEVER: u64 = u64::MAX;

pub(super) struct Pace {
    common: Arc<Common>,
    /// Requests that have come and whose answers have not gone.
    under_way: AtomicUsize,
    /// Since when there is none.
    silent_since: AtomicU64,
    /// Since when a head is coming that is not there yet; [`NEVER`]: none is.
    head_since: AtomicU64,
    /// Of HTTP/2: since when a frame is coming, or headers of several, that are not whole yet; [`NEVER`]: none is.
    frame_since: AtomicU64,
    /// Since when what is to be written waits; [`NEVER`]: it does not.
    stalled_since: AtomicU64,
    /// Bytes of answers that the peer has not taken yet, where they are counted, and when it last took some.
    unsent: AtomicUsize,
    taken_at: AtomicU64,
    /// Whether a request ever came.
    asked: AtomicBool,
    http2: AtomicBool,
    /// Nothing of the above is true any more: it is a socket, and others care for it.
    upgraded: AtomicBool,
    /// 0: none; else what the patrol wants.
    order: AtomicU8,
    ordered: Notify,
}

impl Common {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            now: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            unsent: AtomicUsize::new(0),
        })
    }

    pub(super) fn tell_time(&self, now: u64) {
        self.now.store(now, Relaxed);
    }

    pub(super) fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    pub(super) fn unsent(&self) -> usize {
        self.unsent.load(Relaxed)
    }

    fn now(&self) -> u64 {
        self.now.load(Relaxed)
    }
}

/// What the patrol sees of a connection; times in milliseconds.
pub(super) struct Sight {
    pub http2: bool,
    /// How long a head has been coming.
    pub head: Option<u64>,
    /// How long nothing has been asked.
    pub silent: Option<u64>,
    /// How long the peer has taken nothing of what it was to get.
    pub stalled: Option<u64>,
    pub unsent: usize,
    /// Whether a request ever came.
    pub asked: bool,
}

impl Pace {
    pub(super) fn new(common: Arc<Common>) -> Arc<Self> {
        let now = common.now();
        Arc::new(Self {
            common,
            under_way: AtomicUsize::new(0),
            silent_since: AtomicU64::new(now),
            head_since: AtomicU64::new(NEVER),
            frame_since: AtomicU64::new(NEVER),
            stalled_since: AtomicU64::new(NEVER),
            unsent: AtomicUsize::new(0),
            taken_at: AtomicU64::new(now),
            asked: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            upgraded: AtomicBool::new(false),
            order: AtomicU8::new(0),
            ordered: Notify::new(),
        })
    }

    pub(super) fn is_draining(&self) -> bool {
        self.common.is_draining()
    }

    /// Bytes came in over HTTP/1: where nothing is under way, they begin a head.
    pub(super) fn read(&self) {
        if self.under_way.load(Relaxed) == 0 && self.head_since.load(Relaxed) == NEVER {
            self.head_since.store(self.common.now(), Relaxed);
        }
    }

    /// Bytes came in over HTTP/2, and left that begun.
    pub(super) fn read_frames(&self, begun: Begun) {
        match begun {
            Begun::Nothing => self.frame_since.store(NEVER, Relaxed),
            Begun::Same => {}
            Begun::New => self.frame_since.store(self.common.now(), Relaxed),
        }
    }

    /// Whether a head is coming that nobody has been asked to answer.
    pub(super) fn in_head(&self) -> bool {
        self.head_since.load(Relaxed) != NEVER
    }

    pub(super) fn speaks_http2(&self) {
        self.http2.store(true, Relaxed);
        self.head_since.store(NEVER, Relaxed);
    }

    /// Whether what is to be written has to wait.
    pub(super) fn written(&self, waits: bool) {
        if !waits {
            if self.stalled_since.load(Relaxed) != NEVER {
                self.stalled_since.store(NEVER, Relaxed);
            }
        } else if self.stalled_since.load(Relaxed) == NEVER {
            self.stalled_since.store(self.common.now(), Relaxed);
        }
    }

    /// A request is there; it is under way until what is returned is dropped.
    pub(super) fn request(self: &Arc<Self>, http2: bool, turn: Arc<Turn>) -> UnderWay {
        self.under_way.fetch_add(1, Relaxed);
        self.head_since.store(NEVER, Relaxed);
        self.asked.store(true, Relaxed);
        if http2 {
            self.http2.store(true, Relaxed);
        }
        UnderWay { pace: Arc::clone(self), turn }
    }

    pub(super) fn upgraded(&self) {
        self.upgraded.store(true, Relaxed);
    }

    pub(super) fn sight(&self) -> Option<Sight> {
        if self.upgraded.load(Relaxed) {
            return None;
        }
        let now = self.common.now();
        let lasting = |since: u64| (since != NEVER).then(|| now.saturating_sub(since));
        let unsent = self.unsent.load(Relaxed);
        let busy = self.under_way.load(Relaxed) > 0;
        let untaken = (unsent > 0).then(|| now.saturating_sub(self.taken_at.load(Relaxed)));
        Some(Sight {
            http2: self.http2.load(Relaxed),
            // Until headers are whole, HTTP/2 reads nothing else of the connection: whatever is under way.
            head: lasting(self.head_since.load(Relaxed))
                .filter(|_| !busy)
                .max(lasting(self.frame_since.load(Relaxed))),
            silent: lasting(self.silent_since.load(Relaxed)).filter(|_| !busy),
            stalled: lasting(self.stalled_since.load(Relaxed)).max(untaken),
            unsent,
            asked: self.asked.load(Relaxed),
        })
    }

    pub(super) fn order(&self, order: Order) {
        let order = match order {
            Order::Close => 1,
            Order::Cut => 2,
        };
        // Said once: who closes need not be told again, but may have to be cut.
        if self.order.fetch_max(order, Release) < order {
            self.ordered.notify_one();
        }
    }

    /// Completes when the patrol wants something.
    pub(super) async fn ordered(&self) -> Order {
        loop {
            self.ordered.notified().await;
            match self.order.load(Acquire) {
                0 => {}
                1 => return Order::Close,
                _ => return Order::Cut,
            }
        }
    }

    /// Whether it ended because it was cut.
    pub(super) fn was_cut(&self) -> bool {
        self.order.load(Acquire) == 2
    }
}

/// A request whose answer has not gone yet.
pub(super) struct UnderWay {
    pace: Arc<Pace>,
    turn: Arc<Turn>,
}

impl UnderWay {
    /// Counts bytes of its answer until the peer has taken them.
    pub(super) fn unsent(&self, bytes: usize) -> Unsent {
        let Pace { common, unsent, taken_at, .. } = &*self.pace;
        if unsent.fetch_add(bytes, Relaxed) == 0 {
            taken_at.store(common.now(), Relaxed);
        }
        common.unsent.fetch_add(bytes, Relaxed);
        Unsent { pace: Arc::clone(&self.pace), bytes, turn: Arc::clone(&self.turn) }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Pace { common, under_way, silent_since, .. } = &*self.pace;
        if under_way.fetch_sub(1, Relaxed) == 1 {
            silent_since.store(common.now(), Relaxed);
        }
    }
}

/// Bytes that the peer has not taken yet.
pub(super) struct Unsent {
    pace: Arc<Pace>,
    bytes: usize,
    /// Not over before they have gone.
    turn: Arc<Turn>,
}

impl Unsent {
    /// Some of them, counted for themselves.
    pub(super) fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { pace: Arc::clone(&self.pace), bytes, turn: Arc::clone(&self.turn) }
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        let Pace { common, unsent, taken_at, .. } = &*self.pace;
        unsent.fetch_sub(self.bytes, Relaxed);
        common.unsent.fetch_sub(self.bytes, Relaxed);
        taken_at.store(common.now(), Relaxed);
    }
}
