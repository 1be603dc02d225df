//! The keys every served thing has, with their defaults.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    AuthSettings, ClientSettings, DevSettings, DocumentSettings, KeySettings, Network, QuotaSettings,
    RedisSettings, Section, SubscriptionSettings, TlsSettings,
    decode::{listed, nearest},
    loopback, urls,
};

/// What a binary starts in decides which protections stand; only `development` lowers any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    #[default]
    Production,
    Development,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `text` when standard output is a terminal, `json` otherwise.
    #[default]
    Auto,
    Json,
    Text,
}

/// The common part of a service's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Set by the loader from [`Spec::service`](super::Spec); not a key.
    #[serde(skip)]
    pub service: String,
    pub profile: Profile,
    /// Where callers connect. Port 0 takes a free one; the `listening` log line tells which.
    pub listen: SocketAddr,
    /// Where health and metrics answer. Without it, health is answered on the public port and metrics nowhere.
    pub admin: Option<SocketAddr>,
    pub log: LogFormat,
    /// Milliseconds a request may take in all, upstream calls included.
    pub deadline_ms: u64,
    /// Milliseconds that requests under way get to finish when the process is told to stop.
    pub drain_ms: u64,
    /// Milliseconds before that in which it goes on as ever but says that it is not ready, so that load balancers have
    /// taken it out by the time it refuses connections. Unset: 3,000 in production, 0 in development.
    pub drain_lead_ms: Option<u64>,
    /// Origins that browsers may call from (`https://app.example`); none by default.
    pub cors: Vec<String>,
    /// Peers whose `Forwarded` and `X-Forwarded-*` headers count; none by default.
    pub trusted_proxies: Vec<Network>,
    pub auth: AuthSettings,
    pub tls: TlsSettings,
    /// Which versions of which applications are served, by the names that these say they have.
    pub clients: BTreeMap<String, ClientSettings>,
    /// Base URLs of the services this one calls, by name.
    #[serde(with = "urls::named")]
    pub upstreams: BTreeMap<String, Url>,
    /// What the operator decides otherwise than the BFF's code about calls to these services, by name.
    pub resilience: BTreeMap<String, ResilienceSettings>,
    /// Base URLs that answers point to (pictures, pages), by name, as clients reach them.
    #[serde(with = "urls::named")]
    pub links: BTreeMap<String, Url>,
    pub limits: Limits,
    pub documents: DocumentSettings,
    pub subscriptions: SubscriptionSettings,
    pub sharing: SharingSettings,
    pub dev: DevSettings,
    pub cache: CacheSettings,
    pub redis: RedisSettings,
    pub quota: QuotaSettings,
    /// Set by the loader from `--stop-with-stdin`; not a key.
    #[serde(skip)]
    pub stop_with_stdin: bool,
}

/// What requests of different callers may share. Only what is the same for every caller ever is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharingSettings {
    /// Batches of one question that may be under way before further keys, of all requests, gather for the next. 0:
    /// requests share neither calls nor kept rows.
    pub batches_in_flight: usize,
    /// Identical public queries that are under way at once run once.
    pub operations: bool,
    /// Bytes of answers to public queries that are kept for as long as the upstreams' `Cache-Control` allows. 0 keeps
    /// none.
    pub answers_bytes: u64,
}

/// How calls to one upstream are bounded: `[resilience.<upstream>]`. What is not said is as the BFF's code has it; see
/// [`Upstream`](crate::Upstream) for what each means.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResilienceSettings {
    /// Milliseconds a call may take in all, waiting and a repetition included.
    pub timeout_ms: Option<u64>,
    /// Milliseconds that connecting may take.
    pub connect_timeout_ms: Option<u64>,
    /// Repetitions of a call that failed; 0 to 3.
    pub retries: Option<u32>,
    /// Repetitions, of a hundred calls.
    pub retry_percent: Option<u32>,
    /// Calls under way at once.
    pub concurrency: Option<usize>,
    /// Calls that wait for their turn.
    pub queue: Option<usize>,
    /// Failures in a row that open the breaker; 0: they do not.
    pub open_after: Option<u32>,
    /// Failures of a hundred calls that open the breaker; 0: they do not.
    pub open_percent: Option<u32>,
    /// Milliseconds that the breaker stays open at first.
    pub open_ms: Option<u64>,
}

/// What a caller may send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// Bytes of the answer of a GraphQL operation: of what its root fields find, all together, parts put off included. A
    /// root that has no room is null, with an error.
    pub answer_bytes: usize,
    /// Connections open at a time. More wait in the listener's queue, and idle ones give way to them.
    pub connections: usize,
    /// Connections of one address (of one /64, if it is IPv6), sockets included. Those of `trusted_proxies` speak for
    /// many: they are not counted.
    pub connections_per_address: usize,
    /// Requests under way of one address (of one /64, if it is IPv6; of the address that `trusted_proxies` tell of), until
    /// their answers have been taken. More are answered with 429.
    pub requests_per_address: usize,
    /// Bytes of a request's head: its first line and its headers.
    pub header_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a request's path and query.
    pub url_bytes: usize,
    /// Milliseconds that a request's head may take to come. Also those in which a new connection must ask something.
    pub head_timeout_ms: u64,
    /// Milliseconds that a request's body may take to come, within `deadline_ms`.
    pub body_timeout_ms: u64,
    /// Milliseconds that a connection may be silent between two requests. Longer than common load balancers keep theirs,
    /// so that it is they who close.
    pub idle_timeout_ms: u64,
    /// Milliseconds in which a peer must take something of an answer that waits for it.
    pub write_timeout_ms: u64,
    /// Requests at a time on one connection of HTTP/2.
    pub streams: u32,
    /// Bytes of request bodies that are being read or worked on, of all requests. Beyond it, long ones are refused.
    pub bodies_bytes: usize,
    /// Bytes of answers that wait for slow peers, of all connections. Beyond it, the slowest are cut off, and one address
    /// may leave no more than a sixteenth of its part.
    pub unsent_bytes: usize,
    /// Bytes of a GraphQL document.
    pub document_bytes: usize,
    /// Tokens of a document; comments and commas are none.
    pub tokens: u64,
    /// Fields that stand below each other in an operation, its fragments followed.
    pub depth: u64,
    /// Aliases of an operation, its fragments followed.
    pub aliases: u64,
    /// Selections of a document once its fragments are spread out; what is selected on an interface or a union counts
    /// for each type that it may be.
    pub selections: u64,
    /// Directives of an operation, its fragments followed. In one place there may be 8 at most.
    pub directives: u64,
    /// Root fields of an operation.
    pub root_fields: u64,
    /// What an argument called `first`, `last` or `limit` may ask for.
    pub first: u64,
    /// What an operation may cost: 1 for each object, times the sizes of the lists it stands in. Fields say otherwise
    /// with `#[graphql(tag = "cost:5")]` and `#[graphql(tag = "items:25")]`.
    pub cost: u64,
    /// Fields that stand below each other in introspection, which counts for neither `depth` nor `cost`.
    pub introspection_depth: u64,
    /// Bytes of answers that one address may leave waiting, counted as `requests_per_address` is. Beyond it, it is
    /// answered with 429.
    pub unsent_bytes_per_address: usize,
}

/// What is kept of upstreams' answers, as long as they allow (RFC 9111).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheSettings {
    /// Bytes of rows kept for each upstream, roughly counted. 0: none are kept.
    pub rows_bytes: u64,
}

impl Default for SharingSettings {
    fn default() -> Self {
        Self { batches_in_flight: 4, operations: false, answers_bytes: 0 }
    }
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { rows_bytes: 32 << 20 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            service: String::new(),
            profile: Profile::default(),
            listen: loopback(7000),
            admin: None,
            log: LogFormat::default(),
            deadline_ms: 10_000,
            drain_ms: 10_000,
            drain_lead_ms: None,
            cors: Vec::new(),
            trusted_proxies: Vec::new(),
            auth: AuthSettings::default(),
            tls: TlsSettings::default(),
            clients: BTreeMap::new(),
            upstreams: BTreeMap::new(),
            resilience: BTreeMap::new(),
            links: BTreeMap::new(),
            limits: Limits::default(),
            documents: DocumentSettings::default(),
            subscriptions: SubscriptionSettings::default(),
            sharing: SharingSettings::default(),
            dev: DevSettings::default(),
            cache: CacheSettings::default(),
            redis: RedisSettings::default(),
            quota: QuotaSettings::default(),
            stop_with_stdin: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            answer_bytes: 8 << 20,
            connections: 10_000,
            connections_per_address: 1_000,
            requests_per_address: 256,
            header_bytes: 16 * 1024,
            headers: 100,
            url_bytes: 8 * 1024,
            head_timeout_ms: 10_000,
            body_timeout_ms: 10_000,
            idle_timeout_ms: 75_000,
            write_timeout_ms: 10_000,
            streams: 100,
            bodies_bytes: 16 << 20,
            unsent_bytes: 32 << 20,
            document_bytes: 100_000,
            tokens: 2_000,
            depth: 12,
            aliases: 30,
            selections: 5_000,
            directives: 50,
            root_fields: 20,
            first: 100,
            cost: 10_000,
            introspection_depth: 20,
            unsent_bytes_per_address: 8 << 20,
        }
    }
}

/// What hyper needs for a head.
const LEAST_HEADER_BYTES: usize = 8 * 1024;

impl Settings {
    /// How long a server that is told to stop goes on as ever.
    pub fn drain_lead(&self) -> Duration {
        let usual = if self.profile == Profile::Development { 0 } else { 3_000 };
        Duration::from_millis(self.drain_lead_ms.unwrap_or(usual))
    }

    /// Settings for a test or an example: free ports on the loopback interface, development profile.
    pub fn ephemeral(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            profile: Profile::Development,
            listen: loopback(0),
            drain_ms: 1_000,
            ..Self::default()
        }
    }
}

impl Section for Settings {
    fn check(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, value) in [
            ("deadline_ms", self.deadline_ms),
            ("limits.body_bytes", self.limits.body_bytes as u64),
            ("limits.answer_bytes", self.limits.answer_bytes as u64),
            ("limits.connections", self.limits.connections as u64),
            ("limits.connections_per_address", self.limits.connections_per_address as u64),
            ("limits.requests_per_address", self.limits.requests_per_address as u64),
            ("limits.headers", self.limits.headers as u64),
            ("limits.url_bytes", self.limits.url_bytes as u64),
            ("limits.head_timeout_ms", self.limits.head_timeout_ms),
            ("limits.body_timeout_ms", self.limits.body_timeout_ms),
            ("limits.idle_timeout_ms", self.limits.idle_timeout_ms),
            ("limits.write_timeout_ms", self.limits.write_timeout_ms),
            ("limits.streams", self.limits.streams.into()),
            ("limits.bodies_bytes", self.limits.bodies_bytes as u64),
            ("limits.unsent_bytes", self.limits.unsent_bytes as u64),
            ("limits.document_bytes", self.limits.document_bytes as u64),
            ("limits.tokens", self.limits.tokens),
            ("limits.depth", self.limits.depth),
            ("limits.selections", self.limits.selections),
            ("limits.root_fields", self.limits.root_fields),
            ("limits.cost", self.limits.cost),
            ("limits.unsent_bytes_per_address", self.limits.unsent_bytes_per_address as u64),
        ] {
            if value == 0 {
                problems.push(format!(
                    "`{key}` is 0, which would refuse every request; give it a positive number"
                ));
            }
        }
        if self.limits.header_bytes < LEAST_HEADER_BYTES {
            problems.push(format!(
                "`limits.header_bytes` is {}, less than any HTTP server may take; give it at least {LEAST_HEADER_BYTES}",
                self.limits.header_bytes
            ));
        }
        if self.sharing.answers_bytes > 0 && !self.sharing.operations {
            problems.push(
                "`sharing.answers_bytes` keeps answers of operations that are not shared; set `sharing.operations = true`, \
                 or leave it out"
                    .to_owned(),
            );
        }
        for origin in &self.cors {
            let normal = Url::parse(origin).ok().map(|url| url.origin().ascii_serialization());
            if normal.as_deref() != Some(origin.as_str()) {
                problems.push(format!(
                    "`cors`: `{origin}` is not an origin; write scheme, host and port only, such as `{}`",
                    normal.filter(|normal| normal != "null").as_deref().unwrap_or("https://app.example")
                ));
            }
        }
        if self.admin.is_some_and(|admin| admin == self.listen && admin.port() != 0) {
            problems.push(format!(
                "`admin` and `listen` are both {}; give one of them another port",
                self.listen
            ));
        }
        super::clients::check(&self.clients, &mut problems);
        problems.extend(self.dev.problems(self.profile));
        self.auth.internal.check(&mut problems);
        self.documents.check(&mut problems);
        self.auth.check(self.profile, !self.redis.url.expose().is_empty(), &mut problems);
        self.subscriptions.check(&mut problems);
        self.redis.check(&mut problems);
        QuotaSettings::check(self, &mut problems);
        KeySettings::check(&self.auth, self.profile, &mut problems);
        self.check_resilience(&mut problems);
        problems
    }
}

impl Settings {
    /// What the operator decides otherwise about calls to this upstream.
    pub(crate) fn resilience_of(&self, upstream: &str) -> Option<&ResilienceSettings> {
        self.resilience.iter().find(|(name, _)| same_name(upstream, name)).map(|(_, own)| own)
    }

    fn check_resilience(&self, problems: &mut Vec<String>) {
        let known: Vec<&str> = self.upstreams.keys().map(String::as_str).collect();
        for (name, own) in &self.resilience {
            if !self.upstreams.keys().any(|upstream| same_name(upstream, name)) {
                let way_out = match nearest(name, &known) {
                    Some(near) => format!("did you mean `resilience.{near}`?"),
                    None => format!("the upstreams are {}", listed(&known)),
                };
                problems.push(format!("`resilience.{name}`: there is no upstream `{name}`; {way_out}"));
            }
            for (key, value) in [
                ("timeout_ms", own.timeout_ms),
                ("connect_timeout_ms", own.connect_timeout_ms),
                ("concurrency", own.concurrency.map(|value| value as u64)),
                ("open_ms", own.open_ms),
            ] {
                if value == Some(0) {
                    problems.push(format!(
                        "`resilience.{name}.{key}` is 0, which would refuse every call; give it a positive number"
                    ));
                }
            }
            if own.retries.is_some_and(|retries| retries > 3) {
                problems.push(format!(
                    "`resilience.{name}.retries` is more than 3, which would drown an upstream that is in trouble"
                ));
            }
            for (key, value) in [("retry_percent", own.retry_percent), ("open_percent", own.open_percent)] {
                if value.is_some_and(|percent| percent > 100) {
                    problems.push(format!("`resilience.{name}.{key}` is a share of a hundred: at most 100"));
                }
            }
        }
    }
}

/// A shell variable cannot contain a dash: `MOBILE__RESILIENCE__SOME_NAME__RETRIES` is about `some-name` too.
fn same_name(upstream: &str, name: &str) -> bool {
    upstream == name || upstream.replace('-', "_") == name
}
