//! Tokens are renewed before they end: once, however many requests of a session, and however many replicas, find out
//! together that it is time. A refresh token that is used twice ends the session at providers that rotate them.

use std::{
    collections::hash_map::Entry,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::{
    Sessions, now_s,
    provider::{Failure, Granted, Who},
    record::Record,
};
use crate::auth::AuthError;

/// Seconds for which a provider that does not answer is not asked again.
const PAUSE_S: u64 = 5;

/// How often is looked whether another replica is done.
const LOOK: Duration = Duration::from_millis(50);

type Flight = Shared<BoxFuture<'static, Result<Record, Ending>>>;

/// Renewals under way, by session.
#[derive(Default)]
pub struct Renewals {
    flights: Mutex<FxHashMap<String, Flight>>,
    /// Seconds since 1970 until which the provider is left alone.
    paused_until_s: AtomicU64,
}

/// Why there are no new tokens.
#[derive(Clone, Copy)]
enum Ending {
    Over,
    Unavailable,
}

impl Sessions {
    /// The session with tokens that last. While the provider does not answer, those that there are do as long as they live.
    pub(super) async fn renewed(&self, key: &str, record: Record) -> Result<Record, AuthError> {
        let paused = now_s() < self.0.renewals.paused_until_s.load(Relaxed);
        let renewed = if paused { Err(Ending::Unavailable) } else { self.flight(key, &record).await };
        match renewed {
            Ok(renewed) => Ok(renewed),
            Err(Ending::Over) => Err(AuthError::SessionOver),
            Err(Ending::Unavailable) if record.is_spent(now_s()) => Err(AuthError::Unavailable),
            Err(Ending::Unavailable) => Ok(record),
        }
    }

    fn flight(&self, key: &str, seen: &Record) -> Flight {
        match self.0.renewals.flights.lock().entry(key.to_owned()) {
            Entry::Occupied(flight) => flight.get().clone(),
            Entry::Vacant(place) => {
                let (sessions, key, seen) = (self.clone(), key.to_owned(), seen.generation);
                let work = async move {
                    let renewed = sessions.renew(&key, seen).await;
                    sessions.0.renewals.flights.lock().remove(&key);
                    renewed
                };
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the provider has taken the old token by then: who asked may leave, but not with the new one"
                )]
                let task = tokio::spawn(work);
                let flight = task.map(|renewed| renewed.unwrap_or(Err(Ending::Unavailable))).boxed().shared();
                place.insert(flight).clone()
            }
        }
    }

    /// Unless others were first, within this process or elsewhere.
    async fn renew(&self, key: &str, seen: u64) -> Result<Record, Ending> {
        let longest = Duration::from_millis(self.0.settings.provider_timeout_ms) * 3;
        let patience = tokio::time::Instant::now() + longest;
        let down = |error: &super::StoreError| {
            super::unavailable(error);
            Ending::Unavailable
        };
        let lock = loop {
            if let Some(lock) = self.0.store.lock(key, longest).await.map_err(|error| down(&error))? {
                break lock;
            }
            if patience <= tokio::time::Instant::now() {
                return Err(Ending::Unavailable);
            }
            tokio::time::sleep(LOOK).await;
        };
        let renewed = match self.read(key, false).await {
            Err(error) => Err(down(&error)),
            Ok(None) => Err(Ending::Over),
            Ok(Some(record)) if record.generation != seen => Ok(record),
            Ok(Some(record)) => self.renew_alone(key, record).await,
        };
        self.0.store.unlock(key, lock).await;
        renewed
    }

    async fn renew_alone(&self, key: &str, record: Record) -> Result<Record, Ending> {
        let Some(token) = record.refresh_token.as_deref() else { return Ok(record) };
        let renewed = match self.0.provider.renewal(token).await {
            Ok((who, _)) if who.as_ref().is_some_and(|who| who.subject != record.subject) => {
                Err(Failure::Untrusted("the ID token of a renewal is somebody else's".to_owned()))
            }
            renewed => renewed,
        };
        match renewed {
            Ok((who, granted)) => {
                let record = record.with(who, granted);
                let sealed = self.sealed(key, &record).map_err(|error| {
                    super::unavailable(&error);
                    Ending::Unavailable
                })?;
                match self.0.store.replace(key, sealed).await {
                    Ok(true) => Ok(record),
                    Ok(false) => {
                        // Whoever signed out meanwhile gave the old token back, not this one.
                        if let Some(token) = record.refresh_token {
                            self.give_back(token);
                        }
                        Err(Ending::Over)
                    }
                    Err(error) => {
                        super::unavailable(&error);
                        Err(Ending::Unavailable)
                    }
                }
            }
            Err(Failure::Unavailable(reason)) => {
                tracing::warn!(error = reason, "a session's tokens could not be renewed; it is tried again");
                self.0.renewals.paused_until_s.store(now_s() + PAUSE_S, Relaxed);
                Err(Ending::Unavailable)
            }
            Err(failure) => {
                tracing::info!(reason = failure.reason(), "a session ends: its tokens were not renewed");
                self.end(key).await.map_err(|error| {
                    super::unavailable(&error);
                    Ending::Unavailable
                })?;
                Err(Ending::Over)
            }
        }
    }
}

impl Record {
    /// What is not given anew stays as it was: a refresh token that is not rotated, an ID token.
    fn with(self, who: Option<Who>, granted: Granted) -> Self {
        let now = now_s();
        let mut record = Self {
            generation: self.generation + 1,
            access_from_s: now,
            access_until_s: granted.lifetime.map(|lifetime| now.saturating_add(lifetime.as_secs())),
            refresh_token: granted.refresh_token.or(self.refresh_token),
            scope: granted.scope.unwrap_or(self.scope),
            ..self
        };
        if let Some(who) = who {
            record.name = who.name.or(record.name);
            record.plan = who.plan;
            record.sid = who.sid.or(record.sid);
            record.id_token = who.id_token;
        }
        record
    }
}
