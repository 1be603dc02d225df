//! What runs after an answer has left, and what comes of it.

use super::{
    cut::CutAt,
    owed::{GroupId, Owed, Payload},
};
use async_graphql::{PathSegment, ServerError};
use bytes::Bytes;
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};
use tokio::sync::watch;

/// What is owed for one request, and who is at work on it.
pub(crate) struct Delivery {
    owed: Mutex<Owed>,
    /// Somebody's turn may have come.
    turns: watch::Sender<()>,
    /// How much longer the answer may become, all parts together.
    room: AtomicUsize,
}

/// What became of a part.
pub(crate) struct Settled {
    pub group: GroupId,
    /// Its object's.
    pub path: Arc<[PathSegment]>,
    /// None: it failed where there must be something, for the reason in `errors`.
    pub data: Option<Bytes>,
    pub errors: Vec<ServerError>,
    /// What was put off in it.
    pub cuts: Vec<CutAt>,
}

impl Delivery {
    pub fn new(room: usize) -> Arc<Self> {
        Arc::new(Self { owed: Mutex::default(), turns: watch::Sender::new(()), room: AtomicUsize::new(room) })
    }

    pub fn room(&self) -> usize {
        self.room.load(Relaxed)
    }

    /// So much longer it has become.
    pub fn writes(&self, bytes: usize) {
        let _ = self.room.fetch_update(Relaxed, Relaxed, |room| Some(room.saturating_sub(bytes)));
    }

    /// The first answer is there. None: nothing was put off in it.
    pub fn open(&self, cuts: &[CutAt]) -> Option<Payload> {
        let mut owed = self.owed.lock();
        owed.open(cuts);
        self.turns.send_replace(());
        owed.take()
    }

    /// What was put off there will not be asked for.
    pub fn forget(&self, cuts: &[CutAt]) {
        self.owed.lock().forget(cuts);
        self.turns.send_replace(());
    }

    /// Parts have been answered.
    pub fn settle(&self, parts: Vec<Settled>) {
        let mut owed = self.owed.lock();
        for Settled { group, path, data, errors, cuts } in parts {
            match data {
                Some(data) => owed.deliver(group, path, data, errors, &cuts),
                None => {
                    owed.forget(&cuts);
                    owed.fail(group, &errors);
                }
            }
        }
        self.turns.send_replace(());
    }

    /// Waits until it is the turn of some, and takes these out. None, if it is never the turn of any.
    pub(super) async fn released<P>(
        &self,
        waiting: &mut Vec<P>,
        group: impl Fn(&P) -> GroupId,
    ) -> Option<Vec<P>> {
        let mut turns = self.turns.subscribe();
        loop {
            turns.borrow_and_update();
            let mut now = Vec::new();
            {
                let owed = self.owed.lock();
                for place in std::mem::take(waiting) {
                    match owed.is_released(group(&place)) {
                        Some(true) => now.push(place),
                        Some(false) => waiting.push(place),
                        None => {}
                    }
                }
            }
            if !now.is_empty() {
                return Some(now);
            }
            if waiting.is_empty() {
                return None;
            }
            // The sender is ours: it does not go before this does.
            turns.changed().await.ok()?;
        }
    }

    /// The same for one.
    pub async fn turn(&self, group: GroupId) -> bool {
        self.released(&mut vec![group], |group| *group).await.is_some()
    }

    /// Drives `running` until there is something to tell. None, once all is told.
    pub fn poll_next(
        &self,
        running: &mut FuturesUnordered<BoxFuture<'static, ()>>,
        give_up: impl FnOnce() -> ServerError,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Payload>> {
        let over = loop {
            match running.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => break true,
                Poll::Pending => break false,
            }
        };
        let mut owed = self.owed.lock();
        if over && owed.is_open() {
            // Nobody is at work on it: who was has panicked.
            owed.give_up(&give_up());
        }
        match owed.take() {
            Some(payload) => Poll::Ready(Some(payload)),
            None if owed.is_open() => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

/// A run of an operation's roots that may put something off.
pub(crate) struct Begun {
    pub delivery: Arc<Delivery>,
    put_off: Mutex<PutOff>,
}

/// What was put off below some roots, and who goes on with it.
#[derive(Default)]
pub(crate) struct PutOff {
    pub cuts: Vec<CutAt>,
    pub tasks: Vec<BoxFuture<'static, ()>>,
}

impl Begun {
    pub fn over(delivery: Arc<Delivery>) -> Arc<Self> {
        Arc::new(Self { delivery, put_off: Mutex::default() })
    }

    pub(super) fn put_off(&self, cuts: Vec<CutAt>, task: BoxFuture<'static, ()>) {
        self.delivery.owed.lock().note(&cuts);
        let mut put_off = self.put_off.lock();
        put_off.cuts.extend(cuts);
        put_off.tasks.push(task);
    }

    /// All that its roots have put off.
    pub fn take(&self) -> PutOff {
        std::mem::take(&mut *self.put_off.lock())
    }
}
