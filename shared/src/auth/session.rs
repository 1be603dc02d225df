//! Signing in with a browser, which is given no token (RFC 10017): tokens stay here, behind a cookie that no script reads.
//!
//! A session is a record in the [`Store`], sealed, under the hash of what its cookie says. A request with the cookie is the
//! session's caller. Where the access token ends soon it is renewed first: once, however many requests and replicas
//! find that out together. A session that ends, by logout at either end, by idling, by age, or because the provider
//! no longer stands by it, is gone from the store: its cookie is worth nothing, and what is open in it ends.

mod callback;
mod cookie;
mod live;
mod login;
mod logout;
mod page;
mod provider;
mod record;
mod renewal;
mod return_to;
mod routes;
mod seal;
mod status;
mod store;

use std::{
    sync::{Arc, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Uri};

use self::{
    cookie::Cookies,
    live::Live,
    provider::Provider,
    record::Record,
    renewal::Renewals,
    seal::Seal,
    store::{Lifetimes, Memory, Shared, Store, StoreError, digest},
};
use super::{AuthError, Caller, caller::Standing};
use crate::{
    app::ErrorBody,
    config::{Profile, Scheme, SessionSettings, Settings},
    redis::Redis,
};
pub use return_to::is_own_path;

/// How often is looked whether a session, in which something is open, has ended elsewhere.
const LOOK: Duration = Duration::from_secs(5);

/// Sessions of one service. Cheap to clone.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    settings: SessionSettings,
    development: bool,
    /// Whose pages may sign out, besides those of this host.
    origins: Vec<String>,
    cookies: Cookies,
    seal: Seal,
    store: Store,
    provider: Provider,
    live: Live,
    renewals: Renewals,
}

impl Sessions {
    /// As the settings have it; None, where sessions are not on. Nothing is fetched yet.
    ///
    /// # Errors
    /// The client that talks to the provider cannot be made, or the one that talks to Redis.
    pub fn new(settings: &Settings) -> Result<Option<Self>, String> {
        if !settings.auth.takes(Scheme::Session) {
            return Ok(None);
        }
        let own = settings.auth.session.clone();
        let provider = Provider::new(&settings.auth, &settings.tls, &own)?;
        let Some(provider) = provider else { return Ok(None) };
        let lifetimes = Lifetimes {
            idle: Duration::from_secs(own.idle_s),
            absolute: Duration::from_secs(own.absolute_s),
        };
        let store = match Redis::new(&settings.redis, &settings.tls, &settings.service)? {
            Some(redis) => Store::Shared(Shared::new(redis, lifetimes)),
            None => Store::Memory(Memory::new(lifetimes, own.memory_bytes)),
        };
        Ok(Some(Self(Arc::new(Inner {
            development: settings.profile == Profile::Development,
            origins: settings.cors.clone(),
            cookies: Cookies::of(&settings.service),
            seal: Seal::new(&own.keys),
            store,
            provider,
            live: Live::default(),
            renewals: Renewals::default(),
            settings: own,
        }))))
    }

    /// Who sends these headers: nobody, without a session's cookie.
    ///
    /// # Errors
    /// The session is over, or cannot be looked up now.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let Some(cookie) = self.0.cookies.session(headers) else { return Ok(Caller::anonymous()) };
        let key = key_of(cookie);
        let record = self.read(&key, true).await.map_err(|error| unavailable(&error))?;
        let mut record = record.ok_or(AuthError::SessionOver)?;
        if record.is_due(now_s()) {
            // Rare, and large: kept out of every request's future.
            record = self.renewed(&key, record).boxed().await?;
        }
        let mut caller = Caller::signed_in(&record.subject)
            .scope(&record.scope)
            .of_client(&self.0.settings.client_id)
            .in_session(&key)
            .standing(Arc::new(Lasting { sessions: Arc::downgrade(&self.0), key: key.clone() }));
        if let Some(plan) = &record.plan {
            caller = caller.on_plan(plan);
        }
        Ok(match UNIX_EPOCH.checked_add(Duration::from_secs(record.ends_s)) {
            Some(ends) => caller.until(ends),
            None => caller,
        })
    }

    /// Comes when this session is over, wherever that happened.
    async fn over(&self, key: &str) {
        let listener = self.0.live.listen(key);
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = listener.over() => return,
                _ = look.tick() => {}
            }
            // A store that is away says nothing about anybody's session.
            if let Ok(None) = self.read(key, false).await {
                return;
            }
        }
    }

    /// Makes the browser forget a session that is over.
    pub fn forget(&self) -> Option<HeaderValue> {
        self.0.cookies.clear_session()
    }

    /// The session, if it lives; `used`, it is not idle.
    async fn read(&self, key: &str, used: bool) -> Result<Option<Record>, StoreError> {
        let Some(sealed) = self.0.store.read(key, used).await? else { return Ok(None) };
        // What cannot be opened was put there by somebody else, or sealed with a key that is gone.
        let record: Option<Record> = self.0.seal.open(key, &sealed);
        Ok(record.filter(|record| now_s() < record.ends_s))
    }

    fn sealed(&self, key: &str, record: &Record) -> Result<Bytes, StoreError> {
        let sealed = self.0.seal.seal(key, record);
        sealed.map(Bytes::from).ok_or_else(|| StoreError("a session could not be sealed".to_owned()))
    }

    /// Ends a session here; whatever is open in it ends, too.
    async fn end(&self, key: &str) -> Result<(), StoreError> {
        self.0.store.remove(key).await?;
        self.0.live.over(key);
        Ok(())
    }

    /// Where browsers reach this server. In development they may say it themselves, if it is the loopback.
    fn origin(&self, headers: &HeaderMap, uri: &Uri) -> Option<String> {
        if let Some(url) = &self.0.settings.public_url {
            return Some(url.origin().ascii_serialization());
        }
        let host = uri.authority().map(|authority| authority.as_str());
        let host = host.or_else(|| headers.get(http::header::HOST)?.to_str().ok())?;
        let url = url::Url::parse(&format!("http://{host}")).ok()?;
        let loopback = match url.host()? {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        };
        (self.0.development && loopback).then(|| url.origin().ascii_serialization())
    }
}

/// What is open in a session lasts no longer than it does.
struct Lasting {
    sessions: Weak<Inner>,
    key: String,
}

impl Standing for Lasting {
    fn lost(&self) -> BoxFuture<'static, AuthError> {
        let (sessions, key) = (self.sessions.clone(), self.key.clone());
        async move {
            if let Some(sessions) = sessions.upgrade() {
                Sessions(sessions).over(&key).await;
            }
            AuthError::SessionOver
        }
        .boxed()
    }
}

/// A session's name in the store: who reads the store learns no cookie.
fn key_of(cookie: &str) -> String {
    digest("session", cookie)
}

/// 256 bits that nobody can guess, in letters that fit a cookie and a URL.
fn unguessable() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn unavailable(error: &StoreError) -> AuthError {
    tracing::warn!(error = %error, "sessions cannot be read or written");
    AuthError::Unavailable
}

/// Errors of these paths, to those who do not want a page.
const ERRORS: ErrorBody = ErrorBody::GraphQl;
