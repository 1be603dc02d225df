//! Where the provider's keys come from: discovered when the first token arrives, kept fresh from then on, kept through an
//! outage. No request waits for them but those that come before there are any, and those whose key is not among them.

mod allowance;
mod provider;

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::{Mutex, RwLock};
use url::Url;

use self::{allowance::Allowance, provider::Provider};
use super::keys::KeySet;
use crate::config::{AuthSettings, TlsSettings};

/// Fetches that callers may bring about in a row; then one each `auth.keys_retry_s`. With that of the discovery document,
/// three hundred unknown keys cost the provider five answers.
const IN_A_ROW: u32 = 4;

/// The least time between two fetches that nobody asks for.
const BREATH: Duration = Duration::from_secs(1);

/// Where keys come from.
pub(super) enum Keys {
    Fixed(Arc<KeySet>),
    Discovered(Arc<Discovery>),
}

pub(super) struct Discovery {
    provider: Provider,
    max_age: Duration,
    retry: Duration,
    held: RwLock<Option<Arc<KeySet>>>,
    fetches: Mutex<Fetches>,
}

struct Fetches {
    /// How many have begun.
    begun: u64,
    /// The latest. It is nobody's own: whoever waits may leave.
    latest: Option<Flight>,
    allowance: Allowance,
    kept_fresh: bool,
}

/// A fetch; whether it brought keys.
type Flight = Shared<BoxFuture<'static, bool>>;

impl Keys {
    /// Those of this OpenID provider.
    pub(super) fn discovered(
        issuer: Url,
        settings: &AuthSettings,
        tls: &TlsSettings,
    ) -> Result<Self, String> {
        Ok(Self::fetched(Provider::discovered(issuer, tls)?, settings))
    }

    /// Those at this URL.
    pub(super) fn published(jwks: Url, settings: &AuthSettings, tls: &TlsSettings) -> Result<Self, String> {
        Ok(Self::fetched(Provider::at(jwks, tls)?, settings))
    }

    fn fetched(provider: Provider, settings: &AuthSettings) -> Self {
        let (max_age, retry) =
            (Duration::from_secs(settings.keys_max_age_s), Duration::from_secs(settings.keys_retry_s));
        let allowance = Allowance::new(IN_A_ROW, retry);
        let fetches = Fetches { begun: 0, latest: None, allowance, kept_fresh: false };
        Self::Discovered(Arc::new(Discovery {
            provider,
            max_age,
            retry,
            held: RwLock::default(),
            fetches: Mutex::new(fetches),
        }))
    }

    /// The keys at hand, fetched first where there are none. None: they cannot be had now.
    pub(super) async fn current(&self) -> Option<Arc<KeySet>> {
        match self {
            Self::Fixed(keys) => Some(Arc::clone(keys)),
            Self::Discovered(discovery) => match discovery.held() {
                Some(held) => Some(held),
                // Rare, and large: kept out of every request's future.
                None => {
                    async {
                        let (_, flight) = discovery.fetch_for_callers()?;
                        flight.await;
                        discovery.held()
                    }
                    .boxed()
                    .await
                }
            },
        }
    }

    /// The keys with the one of this id among them, if the provider publishes it by now: it may have been rotated. What
    /// callers can cost the provider that way is bounded.
    pub(super) async fn with(&self, id: &str, known: Arc<KeySet>) -> Arc<KeySet> {
        match self {
            Self::Fixed(_) => known,
            Self::Discovered(discovery) => discovery.with(id, known).boxed().await,
        }
    }
}

impl Discovery {
    fn held(&self) -> Option<Arc<KeySet>> {
        self.held.read().clone()
    }

    async fn with(self: &Arc<Self>, id: &str, mut known: Arc<KeySet>) -> Arc<KeySet> {
        let begun = self.fetches.lock().begun;
        loop {
            known = self.held().unwrap_or(known);
            if known.find(Some(id)).is_some() {
                return known;
            }
            let Some((number, flight)) = self.fetch_for_callers() else { return known };
            flight.await;
            // One that was under way already may have been answered before the key was published. Later ones tell.
            if number > begun {
                return self.held().unwrap_or(known);
            }
        }
    }

    /// The fetch under way, or another, if callers may bring about one; and its number.
    fn fetch_for_callers(self: &Arc<Self>) -> Option<(u64, Flight)> {
        let mut fetches = self.fetches.lock();
        if let Some(flight) = fetches.under_way() {
            return Some((fetches.begun, flight));
        }
        fetches.allowance.take().then(|| self.begin(&mut fetches))
    }

    fn begin(self: &Arc<Self>, fetches: &mut Fetches) -> (u64, Flight) {
        let discovery = Arc::clone(self);
        #[expect(clippy::disallowed_methods, reason = "a fetch of keys is no request's own")]
        let fetch = tokio::spawn(async move { discovery.fetch().await });
        // It could only be cancelled with all of the runtime; a panic has been told by its hook.
        let flight = fetch.map(|fetched| fetched.unwrap_or(false)).boxed().shared();
        fetches.begun += 1;
        fetches.latest = Some(flight.clone());
        (fetches.begun, flight)
    }

    async fn fetch(self: &Arc<Self>) -> bool {
        let held = self.held().is_some();
        match self.provider.keys().await {
            Ok(keys) => {
                *self.held.write() = Some(Arc::new(keys));
                self.keep_fresh();
                true
            }
            Err(reason) => {
                tracing::warn!(
                    auth.issuer = %self.provider.name(),
                    error = reason,
                    keys_kept = held,
                    "the keys that tokens are signed with could not be fetched"
                );
                false
            }
        }
    }

    /// From the first keys on, they are asked for again whether or not a token comes: nobody waits for that, and a key that
    /// was withdrawn is not believed for longer than `max_age`.
    fn keep_fresh(self: &Arc<Self>) {
        if std::mem::replace(&mut self.fetches.lock().kept_fresh, true) {
            return;
        }
        let (discovery, max_age, retry) = (Arc::downgrade(self), self.max_age, self.retry);
        #[expect(clippy::disallowed_methods, reason = "keys grow old without a request")]
        tokio::spawn(async move {
            let (mut wait, mut again) = (max_age, retry);
            loop {
                tokio::time::sleep(wait.max(BREATH)).await;
                let Some(refreshed) = Self::refresh(&discovery) else { return };
                // After a failure less and less often: what is held still counts.
                let later = (again, again.saturating_mul(2).min(max_age));
                (wait, again) = if refreshed.await { (max_age, retry) } else { later };
            }
        });
    }

    /// A fetch on nobody's account. None: nobody needs keys any more.
    fn refresh(discovery: &Weak<Self>) -> Option<Flight> {
        let discovery = discovery.upgrade()?;
        let mut fetches = discovery.fetches.lock();
        discovery.provider.forget_place();
        Some(fetches.under_way().unwrap_or_else(|| discovery.begin(&mut fetches).1))
    }
}

impl Fetches {
    fn under_way(&self) -> Option<Flight> {
        self.latest.clone().filter(|flight| flight.peek().is_none())
    }
}
