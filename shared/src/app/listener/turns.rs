//! What one client may have under way: so many requests, and so many bytes of answers that it has not taken.
//!
//! Over HTTP/2 a peer may ask a hundred times over each of its connections and leave no room for any answer. Time finds
//! it out, but only after the answers have been made; they are bounded here, before.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::response::Response;
use hyper::body::Body as _;
use parking_lot::Mutex;

use super::seats::household;
use crate::{
    Code, Fault,
    app::ErrorBody,
    config::{Limits, Network},
};

#[derive(Default)]
struct Shares {
    clients: Mutex<HashMap<IpAddr, Arc<Share>>>,
    /// Of answers to all of them that are there and have not gone.
    bytes: AtomicUsize,
}

pub(super) struct Turns {
    bounds: Bounds,
    exempt: Vec<Network>,
    shares: Arc<Shares>,
}

#[derive(Clone, Copy)]
struct Bounds {
    requests: usize,
    /// Of one client.
    bytes: usize,
    /// Of all.
    bytes_of_all: usize,
}

/// Where all clients leave too much lying, each may leave one of so many parts of what it else might.
const TIGHT: usize = 16;

/// What one client has under way.
#[derive(Default)]
struct Share {
    /// Changed only while all shares are locked: the last one takes it away.
    requests: AtomicUsize,
    /// Of answers that are there and have not gone.
    bytes: AtomicUsize,
}

/// One request's; given back when it is dropped, which is when its answer has gone.
pub(in crate::app) struct Turn {
    /// None: the client speaks for many, and is not counted.
    counted: Option<Counted>,
}

struct Counted {
    client: IpAddr,
    share: Arc<Share>,
    shares: Arc<Shares>,
    bounds: Bounds,
    /// Requests of this client when this one came, itself included.
    nth: usize,
    /// Bytes of its answer.
    answer: AtomicUsize,
}

impl Turns {
    pub(super) fn new(limits: &Limits, exempt: Vec<Network>) -> Self {
        let Limits { requests_per_address: requests, unsent_bytes_per_address: bytes, .. } = *limits;
        let bounds = Bounds { requests, bytes, bytes_of_all: limits.unsent_bytes };
        Self { bounds, exempt, shares: Arc::default() }
    }

    /// The turn of a request that has come from this address, as far as trusted proxies tell.
    pub(super) fn take(&self, client: IpAddr) -> Arc<Turn> {
        if self.exempt.iter().any(|network| network.contains(client)) {
            return Arc::new(Turn { counted: None });
        }
        let client = household(client);
        let mut clients = self.shares.clients.lock();
        let share = Arc::clone(clients.entry(client).or_default());
        let nth = share.requests.fetch_add(1, Relaxed) + 1;
        drop(clients);
        let (answer, shares) = (AtomicUsize::new(0), Arc::clone(&self.shares));
        Arc::new(Turn { counted: Some(Counted { client, share, shares, bounds: self.bounds, nth, answer }) })
    }
}

impl Turn {
    /// Its client has so much under way that there is not even room to tell it so.
    pub(super) fn is_beyond_words(&self) -> bool {
        self.counted.as_ref().is_some_and(|counted| counted.nth > counted.bounds.requests.saturating_mul(2))
    }

    /// Why nothing is to be done for this request.
    pub(in crate::app) fn refusal(&self, errors: ErrorBody) -> Option<Response> {
        let counted = self.counted.as_ref()?;
        let requests = counted.bounds.requests;
        if counted.nth > requests {
            let message = format!(
                "From this address {requests} requests are under way, as many as one may have: send it again when one \
                 is answered"
            );
            return Some(refused(errors, message));
        }
        counted.leaves_too_much(errors)
    }

    /// What goes out in place of an answer, which is the answer if its client took what it was given before. Its bytes
    /// count from here: compression, further out, does not tell how many there are.
    pub(in crate::app) fn answered(&self, response: Response, errors: ErrorBody) -> Response {
        let Some(counted) = &self.counted else { return response };
        let Some(bytes) = response.body().size_hint().exact().filter(|bytes| *bytes > 0) else {
            // A stream's pieces are made when there is room for them.
            return response;
        };
        if let Some(refusal) = counted.leaves_too_much(errors) {
            return refusal;
        }
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        counted.answer.store(bytes, Relaxed);
        counted.share.bytes.fetch_add(bytes, Relaxed);
        counted.shares.bytes.fetch_add(bytes, Relaxed);
        response
    }
}

impl Counted {
    fn leaves_too_much(&self, errors: ErrorBody) -> Option<Response> {
        let Bounds { bytes, bytes_of_all, .. } = self.bounds;
        let tight = self.shares.bytes.load(Relaxed) >= bytes_of_all;
        let most = if tight { bytes / TIGHT } else { bytes };
        (self.share.bytes.load(Relaxed) >= most.max(1)).then(|| {
            let message = "Answers to this address wait to be taken, as many bytes as one may leave: read them, then send \
                           it again";
            refused(errors, message.to_owned())
        })
    }
}

fn refused(errors: ErrorBody, message: String) -> Response {
    errors.refusal(&Fault::new(Code::RateLimited, message).after(Duration::from_secs(1)))
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.share.bytes.fetch_sub(*self.answer.get_mut(), Relaxed);
        self.shares.bytes.fetch_sub(*self.answer.get_mut(), Relaxed);
        let mut clients = self.shares.clients.lock();
        if self.share.requests.fetch_sub(1, Relaxed) == 1 {
            clients.remove(&self.client);
        }
    }
}
