//! Whether a key that somebody presents is good: the directory's word, taken for a few seconds, and over a short outage.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant, SystemTime},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::{
    ApiKey,
    directory::{Directory, Known},
};
use crate::{
    auth::{AuthError, Caller, caller::Standing},
    config::{KeySettings, Profile, TlsSettings},
};

/// Keys whose verdicts are remembered.
const REMEMBERED: u64 = 10_000;
/// Keys that the directory may be asked for in one second of strangers' allowance saved up.
const SAVED_S: u32 = 2;
/// How long a directory that failed is left alone.
const REST: Duration = Duration::from_secs(1);

/// Checks keys of one directory. Cheap to clone.
#[derive(Clone)]
pub struct KeyCheck(Arc<Inner>);

struct Inner {
    directory: Directory,
    takes_demo: bool,
    fresh: Duration,
    bridge: Duration,
    /// By the keys' ids.
    heard: moka::sync::Cache<Arc<str>, Heard>,
    under_way: Mutex<FxHashMap<Arc<str>, WeakShared<Asking>>>,
    strangers: Mutex<Allowance>,
    /// Until then the directory is not asked: it failed just now.
    rests_until: Mutex<Option<Instant>>,
}

type Asking = BoxFuture<'static, Result<Option<Arc<Entry>>, ()>>;

/// What the directory said of an id, and when.
#[derive(Clone)]
struct Heard {
    entry: Option<Arc<Entry>>,
    at: Instant,
}

/// A key that there is, and whoever uses it.
struct Entry {
    known: Known,
    caller: Caller,
}

impl KeyCheck {
    /// Over the directory that the settings name. Nothing is asked yet.
    ///
    /// # Errors
    /// It cannot be asked; the text names the key.
    pub(in crate::auth) fn new(
        settings: &KeySettings,
        tls: &TlsSettings,
        profile: Profile,
    ) -> Result<Self, String> {
        let fresh = Duration::from_millis(settings.fresh_ms);
        let bridge = Duration::from_secs(settings.bridge_s);
        Ok(Self(Arc::new(Inner {
            directory: Directory::new(settings, tls)?,
            takes_demo: profile == Profile::Development,
            fresh,
            bridge,
            heard: moka::sync::Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(fresh.max(bridge))
                .build(),
            under_way: Mutex::default(),
            strangers: Mutex::new(Allowance::of(settings.strangers_per_s)),
            rests_until: Mutex::default(),
        })))
    }

    /// Whose key this is.
    ///
    /// # Errors
    /// It is none that is good, or nobody can tell now.
    pub(in crate::auth) async fn check(&self, text: &str) -> Result<Caller, AuthError> {
        let key = ApiKey::read(text).ok_or(AuthError::Refused("the key has not the shape of one"))?;
        if key.is_of_the_demo() && !self.0.takes_demo {
            return Err(AuthError::Refused("the key is one of the demo's"));
        }
        let entry = self.entry(key.id()).await?;
        // One answer to all who do not have the secret: they learn of no key that it is there.
        let entry = entry.filter(|entry| entry.known.is(&key.digest()));
        entry.ok_or(AuthError::Refused("there is no such key"))?.good()
    }

    /// The directory's last word on an id, if it is fresh, or else a new one.
    async fn entry(&self, id: &str) -> Result<Option<Arc<Entry>>, AuthError> {
        let heard = self.0.heard.get(id);
        if let Some(heard) = &heard
            && heard.at.elapsed() < self.0.fresh
        {
            return Ok(heard.entry.clone());
        }
        let before = heard.filter(|heard| heard.entry.is_some());
        match (self.asked(id, before.is_none()).await, before) {
            (Ok(entry), _) => Ok(entry),
            (Err(()), Some(before)) if before.at.elapsed() < self.0.bridge => Ok(before.entry),
            (Err(()), _) => Err(AuthError::Unavailable),
        }
    }

    /// Asks, together with everybody who wants to know the same. A stranger is asked for only if not too many are.
    async fn asked(&self, id: &str, stranger: bool) -> Result<Option<Arc<Entry>>, ()> {
        if self.0.rests_until.lock().is_some_and(|until| Instant::now() < until) {
            return Err(());
        }
        let asking = {
            let mut under_way = self.0.under_way.lock();
            match under_way.get(id).and_then(WeakShared::upgrade) {
                Some(asking) => asking,
                None if stranger && !self.0.strangers.lock().takes(Instant::now()) => return Err(()),
                None => {
                    // Whoever asked and left has ended the question.
                    under_way.retain(|_, asking| asking.upgrade().is_some());
                    let id: Arc<str> = id.into();
                    let asking = Self::ask(self.clone(), Arc::clone(&id)).boxed().shared();
                    if let Some(weak) = Shared::downgrade(&asking) {
                        under_way.insert(id, weak);
                    }
                    asking
                }
            }
        };
        asking.await
    }

    async fn ask(self, id: Arc<str>) -> Result<Option<Arc<Entry>>, ()> {
        let found = self.0.directory.ask(&id).await;
        let mut rests_until = self.0.rests_until.lock();
        match found {
            Ok(known) => {
                *rests_until = None;
                let entry = known.map(|known| Arc::new(Entry::of(known, &self)));
                self.0.heard.insert(id, Heard { entry: entry.clone(), at: Instant::now() });
                Ok(entry)
            }
            Err(error) => {
                tracing::warn!(key.id = %id, error, "the directory of keys could not be asked");
                *rests_until = Some(Instant::now() + REST);
                Err(())
            }
        }
    }
}

impl Entry {
    fn of(known: Known, check: &KeyCheck) -> Self {
        let mut caller = Caller::signed_in(&known.owner).of_client(&known.owner).scope(&known.scope);
        if let Some(plan) = &known.plan {
            caller = caller.on_plan(plan);
        }
        if let Some(expires) = known.expires() {
            caller = caller.until(expires);
        }
        let caller =
            caller.standing(Arc::new(InUse { check: Arc::downgrade(&check.0), known: known.clone() }));
        Self { known, caller }
    }

    fn good(&self) -> Result<Caller, AuthError> {
        if self.known.revoked {
            Err(AuthError::Refused("the key is revoked"))
        } else if self.known.expires().is_some_and(|expires| expires <= SystemTime::now()) {
            Err(AuthError::Expired)
        } else {
            Ok(self.caller.clone())
        }
    }
}

/// A key under which something is open.
struct InUse {
    check: Weak<Inner>,
    known: Known,
}

impl Standing for InUse {
    /// Looks as often as a request would.
    fn lost(&self) -> BoxFuture<'static, AuthError> {
        let (check, known) = (self.check.clone(), self.known.clone());
        async move {
            loop {
                let Some(check) = check.upgrade().map(KeyCheck) else { return AuthError::Unavailable };
                tokio::time::sleep(check.0.fresh).await;
                match check.entry(known.id()).await {
                    Ok(Some(entry)) if entry.known.same_key(&known) => {
                        if let Err(lost) = entry.good() {
                            return lost;
                        }
                    }
                    Ok(_) => return AuthError::Refused("the key is gone"),
                    Err(lost) => return lost,
                }
            }
        }
        .boxed()
    }
}

/// So many in a second, and a few more at once after a pause.
struct Allowance {
    each: Duration,
    saved: Duration,
    /// When all of it is there again.
    whole: Option<Instant>,
}

impl Allowance {
    fn of(per_s: u32) -> Self {
        let each = Duration::from_secs(1) / per_s.max(1);
        Self { each, saved: each * per_s * SAVED_S, whole: None }
    }

    fn takes(&mut self, now: Instant) -> bool {
        let whole = self.whole.map_or(now, |whole| whole.max(now)) + self.each;
        let fits = whole - now <= self.saved;
        if fits {
            self.whole = Some(whole);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_let_through_at_a_rate() {
        let mut allowance = Allowance::of(10);
        let start = Instant::now();
        let taken = |allowance: &mut Allowance, at: u64| {
            (0..100).filter(|_| allowance.takes(start + Duration::from_millis(at))).count()
        };
        assert_eq!(taken(&mut allowance, 0), 20);
        assert_eq!(taken(&mut allowance, 99), 0);
        assert_eq!(taken(&mut allowance, 500), 5);
        assert_eq!(taken(&mut allowance, 60_000), 20);
    }
}
