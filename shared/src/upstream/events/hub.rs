//! Where those meet who listen to the same stream of the same upstream.

use super::line::{Line, Listener};
use crate::{
    auth::internal::Whom,
    upstream::{Upstream, Upstreams},
};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Weak};

/// What makes two streams the same.
#[derive(Clone)]
pub(super) struct Key {
    pub upstream: Upstream,
    pub path: Arc<str>,
    /// Whose it is; the service's, if all may share it.
    pub whom: Whom,
}

pub(super) type Name = (&'static str, Arc<str>, Whom);

impl Key {
    pub fn name(&self) -> Name {
        (self.upstream.name(), self.path.clone(), self.whom.clone())
    }
}

/// The connections that are up.
#[derive(Default)]
pub(crate) struct Hub(Mutex<FxHashMap<Name, Weak<Line>>>);

impl Hub {
    /// Listens from now on, over the connection that is up, or over a new one.
    pub(super) fn join(upstreams: &Arc<Upstreams>, key: Key) -> Listener {
        let name = key.name();
        let mut lines = upstreams.hub.0.lock();
        let line = lines.get(&name).and_then(Weak::upgrade);
        let line = line.unwrap_or_else(|| {
            let line = Arc::new(Line::open(upstreams, key));
            lines.insert(name, Arc::downgrade(&line));
            line
        });
        // A line takes this lock when it closes.
        drop(lines);
        line.listen()
    }

    /// A line closes; another of its name may be up already.
    pub(super) fn forget(&self, name: &Name) {
        let mut lines = self.0.lock();
        if lines.get(name).is_some_and(|line| line.strong_count() == 0) {
            lines.remove(name);
        }
    }
}
