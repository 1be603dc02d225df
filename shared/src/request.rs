//! What is known of a request while it runs: who asks, in which language, until when.

use crate::{
    auth::{Caller, internal::Whom},
    config::Limits,
    fanout::{Execution, Fault, Question, by_hand},
    quota::{Asker, Standing},
    upstream::{Upstream, write::Write},
};
use async_graphql::Context;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use url::Url;

/// One request, as resolvers, guards, leaves and upstream calls see it.
///
/// What differs from caller to caller is behind functions, which note that somebody looked: an answer that was made
/// without looking is the same for all, and may be shared.
#[derive(Clone, Debug)]
pub struct RequestContext {
    caller: Caller,
    client: Client,
    address: IpAddr,
    /// Somebody looked at the caller. None: nobody wants to know. Clones tell the same one.
    looked: Option<Arc<AtomicBool>>,
    /// Where it comes from and how much may still be asked, if clients have quotas.
    account: Option<Arc<Account>>,
    /// The language and region to answer in.
    pub locale: Locale,
    /// Where things are that answers point to.
    pub links: Links,
    /// When the last upstream must have answered.
    pub deadline: Instant,
    /// How long such a request may take.
    pub patience: Duration,
    /// How long the answer may be, of all roots together, in bytes.
    pub answer_bytes: usize,
}

impl RequestContext {
    /// Nobody in particular, with so much time from now.
    pub fn anonymous(patience: Duration) -> Self {
        Self {
            caller: Caller::anonymous(),
            client: Client::default(),
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            looked: None,
            account: None,
            locale: Locale::default(),
            links: Links::default(),
            deadline: Instant::now() + patience,
            patience,
            answer_bytes: Limits::default().answer_bytes,
        }
    }

    /// As this caller's, through this client.
    #[must_use]
    pub fn of(self, caller: Caller, client: Client) -> Self {
        Self { caller, client, ..self }
    }

    /// From this address.
    #[must_use]
    pub(crate) fn from(self, address: IpAddr) -> Self {
        Self { address, ..self }
    }

    /// Where it comes from, as far as trusted proxies tell. Answers do not depend on it.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// Through this client.
    #[must_use]
    pub(crate) fn through(self, client: Client) -> Self {
        Self { client, ..self }
    }

    /// From there.
    #[must_use]
    pub(crate) fn on_account(self, asker: Asker) -> Self {
        Self { account: Some(Arc::new(Account { asker, standing: Mutex::default() })), ..self }
    }

    /// Where it comes from, if clients have quotas.
    pub(crate) fn asker(&self) -> Asker {
        self.account.as_ref().map(|account| account.asker).unwrap_or_default()
    }

    /// So much was reserved, and that is what is left.
    pub(crate) fn reserved(&self, cost: u64, standing: Standing) {
        if let Some(account) = &self.account {
            *account.standing.lock() = Some((cost, standing));
        }
    }

    /// What this operation may cost, and where its client stands with that taken; None, where clients have no quotas.
    pub fn rate_limit(&self) -> Option<(u64, Standing)> {
        self.look();
        self.account.as_ref()?.standing.lock().clone()
    }

    /// As this caller's.
    #[must_use]
    pub fn of_caller(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    /// The same request, asked by nobody in particular, with a note of its own of who looks.
    #[must_use]
    pub(crate) fn without_caller(&self) -> Self {
        let looked = Some(Arc::default());
        Self { caller: Caller::anonymous(), client: Client::default(), looked, ..self.clone() }
    }

    /// From now on it is noted whether anybody looks at the caller.
    #[must_use]
    pub(crate) fn watched(self) -> Self {
        Self { looked: Some(Arc::default()), ..self }
    }

    /// Whether anybody looked at the caller, if that is noted.
    pub(crate) fn was_looked_at(&self) -> bool {
        self.looked.as_ref().is_some_and(|looked| looked.load(Relaxed))
    }

    /// Somebody looks at the caller, or may.
    fn look(&self) {
        if let Some(looked) = &self.looked {
            looked.store(true, Relaxed);
        }
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        self.look();
        &self.caller
    }

    /// The calling application and its version, as it says itself.
    pub fn client(&self) -> &Client {
        self.look();
        &self.client
    }

    /// The same for whoever has answers to different ones told apart.
    pub(crate) fn told_apart(&self) -> &Client {
        &self.client
    }

    /// What is left of the time.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The same caller's next event: it has all the time of a request again.
    pub(crate) fn renewed(&self) -> Self {
        Self { deadline: Instant::now() + self.patience, ..self.clone() }
    }

    /// The caller's subject.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, if nobody is signed in.
    pub fn subject(&self) -> Result<&str, Fault> {
        self.caller().subject().ok_or_else(Fault::unauthenticated)
    }
}

/// Where a request comes from, and where its client stands.
#[derive(Debug)]
struct Account {
    asker: Asker,
    standing: Mutex<Option<(u64, Standing)>>,
}

/// A language tag (BCP 47), such as `de-CH`: the one the client likes best.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Locale(Arc<str>);

impl Default for Locale {
    fn default() -> Self {
        static ENGLISH: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("en"));
        Self(ENGLISH.clone())
    }
}

impl Locale {
    /// A tag as it is.
    pub fn new(tag: &str) -> Self {
        Self(Arc::from(tag))
    }

    /// The best-liked tag of `Accept-Language` (RFC 9110 §12.5.4); English, where there is none.
    pub fn accepted(headers: &HeaderMap) -> Self {
        let Some(accepted) = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok())
        else {
            return Self::default();
        };
        let mut best: Option<(&str, f32)> = None;
        for range in accepted.split(',').take(16) {
            let (tag, quality) = match range.split_once(';') {
                None => (range.trim(), 1.0),
                Some((tag, parameter)) => {
                    let quality = parameter.trim().strip_prefix("q=").and_then(|q| q.trim().parse().ok());
                    (tag.trim(), quality.unwrap_or(0.0))
                }
            };
            let is_tag =
                (2..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if is_tag && quality > 0.0 && best.is_none_or(|(_, other)| quality > other) {
                best = Some((tag, quality));
            }
        }
        best.map_or_else(Self::default, |(tag, _)| Self::new(tag))
    }

    /// The whole tag.
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// The language alone: `de` of `de-CH`.
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

/// The calling application, as it names itself: `GraphQL-Client-Name` and `-Version`, or Apollo's headers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Client {
    /// Such as `ios`.
    pub name: Option<Arc<str>>,
    /// Such as `4.2.0`.
    pub version: Option<Arc<str>>,
}

impl Client {
    /// From a socket's `connection_init`, whose payload has the same names as headers. None, if it says none.
    pub(crate) fn introduced(payload: &Map<String, Value>) -> Option<Self> {
        let headers = payload.iter().filter_map(|(name, value)| {
            let name = HeaderName::try_from(name).ok()?;
            Some((name, HeaderValue::try_from(value.as_str()?).ok()?))
        });
        let client = Self::named(&headers.collect());
        (client != Self::default()).then_some(client)
    }

    /// From a request's headers.
    pub fn named(headers: &HeaderMap) -> Self {
        // One look at each header instead of one for each name: most requests have few, and none of these.
        let [mut name, mut version] = [[None; 2]; 2];
        for (header, value) in headers {
            let place = match header.as_str() {
                "graphql-client-name" => &mut name[0],
                "apollographql-client-name" => &mut name[1],
                "graphql-client-version" => &mut version[0],
                "apollographql-client-version" => &mut version[1],
                _ => continue,
            };
            *place = place.or_else(|| value.to_str().ok());
        }
        let read = |[own, apollo]: [Option<&str>; 2]| own.or(apollo).map(Arc::from);
        Self { name: read(name), version: read(version) }
    }
}

/// Base URLs that answers point to, by name: `[links]` of the configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Links(Arc<BTreeMap<String, Url>>);

impl Links {
    /// As configured.
    pub fn new(links: BTreeMap<String, Url>) -> Self {
        Self(Arc::new(links))
    }

    /// The URL of `path` below the base of that name. Without such a base, the path alone: relative to wherever the
    /// client is.
    pub fn to(&self, name: &str, path: &str) -> String {
        let base = self.0.get(name).map_or("", |base| base.as_str().trim_end_matches('/'));
        [base, path].concat()
    }
}

/// What a resolver that is written by hand needs of the platform. Whatever it needs, the answer is then the caller's
/// own: it is never shared.
pub trait ContextExt {
    /// The request.
    fn request(&self) -> Result<&Arc<RequestContext>, Fault>;

    /// Loads by key, in batches with everybody else of this request.
    fn load<Q: Question>(&self, question: Q) -> impl Future<Output = Result<by_hand::Rows<Q>, Fault>> + Send;

    /// Writes to an upstream as the caller. What was read before is forgotten: a reader sees its own write.
    fn write(&self, upstream: &Upstream) -> Result<Write, Fault>;

    /// Events of an upstream: the caller's own, unless a word on them says whose they are.
    fn events(
        &self,
        upstream: &Upstream,
        path: impl Into<String>,
    ) -> Result<crate::upstream::events::Events, Fault>;
}

fn execution<'a>(ctx: &'a Context<'_>) -> Result<&'a Arc<Execution>, Fault> {
    let execution = ctx.data_opt::<Arc<Execution>>().ok_or_else(Fault::internal)?;
    execution.loader.request().look();
    Ok(execution)
}

impl ContextExt for Context<'_> {
    fn request(&self) -> Result<&Arc<RequestContext>, Fault> {
        Ok(execution(self)?.loader.request())
    }

    async fn load<Q: Question>(&self, question: Q) -> Result<by_hand::Rows<Q>, Fault> {
        by_hand::load(&execution(self)?.loader, question).await
    }

    fn write(&self, upstream: &Upstream) -> Result<Write, Fault> {
        Ok(Write::new(upstream, execution(self)?.loader.clone()))
    }

    fn events(
        &self,
        upstream: &Upstream,
        path: impl Into<String>,
    ) -> Result<crate::upstream::events::Events, Fault> {
        crate::upstream::events::Events::open(upstream, path.into(), execution(self)?.clone())
    }
}

/// As whom a question of that scope is asked.
pub(crate) fn whom(request: &RequestContext, scope: crate::Scope) -> Whom {
    match scope {
        crate::Scope::Public => Whom::Service,
        crate::Scope::Caller => Whom::Caller(request.caller().clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_best_liked_language_wins() {
        let locale = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accept).unwrap());
            Locale::accepted(&headers).tag().to_owned()
        };
        assert_eq!(locale("de-CH, de;q=0.9, en;q=0.8"), "de-CH");
        assert_eq!(locale("*, fr;q=0.3, ja;q=0.7"), "ja");
        assert_eq!(locale("x;q=oops, <script>"), "en");
        assert_eq!(Locale::new("de-CH").language(), "de");
    }

    #[test]
    fn a_client_names_itself_in_one_of_two_ways() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("apollographql-client-name", "web"),
            ("graphql-client-name", "ios"),
            ("apollographql-client-version", "4.2.0"),
            ("x-client-name", "nobody"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let client = Client::named(&headers);
        assert_eq!((client.name.as_deref(), client.version.as_deref()), (Some("ios"), Some("4.2.0")));
        assert_eq!(Client::named(&HeaderMap::new()), Client::default());
    }

    #[test]
    fn a_link_is_below_its_base() {
        let base = |url: &str| Links::new(BTreeMap::from([("pages".to_owned(), url.parse().unwrap())]));
        assert_eq!(base("https://example.org").to("pages", "/a"), "https://example.org/a");
        assert_eq!(base("https://example.org/x/").to("pages", "/a"), "https://example.org/x/a");
        assert_eq!(Links::default().to("pages", "/a"), "/a");
    }
}
