//! How long an answer may be used again: RFC 9111, as a cache that all callers share.
//!
//! What `http-cache-semantics` knows is its business (what may be stored, freshness lifetime, validators); what it does
//! not know is read here: how long an answer may be used past its time (RFC 5861).

use super::Reply;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_cache_semantics::{AfterResponse, BeforeRequest, CacheOptions, CachePolicy};
use std::time::{Duration, Instant, SystemTime};

/// Request headers that differ between two calls of ours. Whatever else an answer varies by, we always send alike.
const SENT_DIFFERENTLY: [&str; 5] = ["*", "traceparent", "tracestate", "if-none-match", "if-modified-since"];

/// What an upstream allows to be done with an answer.
#[derive(Debug, Clone)]
pub(crate) struct Freshness {
    received: Instant,
    /// Its age when it came.
    age: Duration,
    lifetime: Duration,
    /// How long after that it may be used while it is asked for again, and in place of a failure.
    while_revalidate: Duration,
    if_error: Duration,
    /// It may never be used past its lifetime, whoever would like to.
    strict: bool,
    /// What it says about shared caches alone means as much, unless it says how much longer (RFC 9111 §5.2.2.10).
    shared_strict: bool,
    /// Kept for answers with a validator, and for those alone.
    policy: Option<Box<CachePolicy>>,
}

impl Freshness {
    /// None: the answer may not be kept, or it would never be of use.
    pub fn of(reply: &Reply) -> Option<Self> {
        Self::read(reply.status, normal(&reply.headers))
    }

    fn read(status: u16, mut headers: HeaderMap) -> Option<Self> {
        let varies = headers.get_all(header::VARY).iter().any(|value| {
            let value = value.to_str().unwrap_or("*").to_ascii_lowercase();
            value.split(',').any(|name| SENT_DIFFERENTLY.contains(&name.trim()))
        });
        if varies {
            return None;
        }
        // An answer that has grown old on its way is read as it was when it was made: that tells by how much it is
        // past its time, not only that it is.
        let age = headers.remove(header::AGE);
        let age = age.and_then(|age| age.to_str().ok()?.trim().parse().ok()).unwrap_or(0);
        let now = SystemTime::now();
        let policy = policy(status, &headers, now)?;
        let directives = Directives::of(&headers);
        let lifetime = policy.time_to_live(now);
        if status == 404 && lifetime.is_zero() {
            return None;
        }
        let has_validator = headers.contains_key(header::ETAG) || headers.contains_key(header::LAST_MODIFIED);
        Some(Self {
            received: Instant::now(),
            age: Duration::from_secs(age),
            lifetime,
            while_revalidate: directives.seconds("stale-while-revalidate"),
            if_error: directives.seconds("stale-if-error"),
            strict: ["must-revalidate", "proxy-revalidate", "no-cache"]
                .iter()
                .any(|name| directives.has(name)),
            shared_strict: directives.has("s-maxage"),
            policy: has_validator.then(|| Box::new(policy)),
        })
    }

    /// How old the answer is by now.
    pub fn age(&self, now: Instant) -> Duration {
        self.age.saturating_add(now.saturating_duration_since(self.received))
    }

    /// It may be used as it is.
    pub fn is_fresh(&self, now: Instant) -> bool {
        self.age(now) < self.lifetime
    }

    /// It may be used once more, if it is asked for again meanwhile.
    pub fn serves_while_revalidating(&self, now: Instant) -> bool {
        self.is_fresh(now)
            || !self.strict && self.age(now) < self.lifetime.saturating_add(self.while_revalidate)
    }

    /// It may be used in place of a failure.
    pub fn serves_on_error(&self, now: Instant) -> bool {
        self.is_fresh(now) || !self.strict && self.age(now) < self.lifetime.saturating_add(self.if_error)
    }

    /// The upstream leaves it to us whether it is used past its time.
    pub fn may_be_stale(&self) -> bool {
        !self.strict && !self.shared_strict
    }

    /// Its upstream means it to be kept: for a while, or past that, or to be confirmed, if its question can ask for that.
    pub fn is_of_use(&self, confirmable: bool) -> bool {
        let past = !(self.strict || (self.while_revalidate.is_zero() && self.if_error.is_zero()));
        !self.lifetime.is_zero() || past || confirmable && self.policy.is_some()
    }

    /// Until when it is fresh; None: it is not.
    pub fn fresh_until(&self) -> Option<Instant> {
        let left = self.lifetime.checked_sub(self.age)?;
        self.received.checked_add(left).filter(|_| !left.is_zero())
    }

    /// The headers that ask whether it has changed; None: it has no validator.
    pub fn condition(&self) -> Option<HeaderMap> {
        let mut insisting = the_request();
        insisting.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        match self.policy.as_ref()?.before_request(&insisting, SystemTime::now()) {
            BeforeRequest::Stale { mut request, .. } => {
                request.headers.remove(header::CACHE_CONTROL);
                Some(request.headers)
            }
            BeforeRequest::Fresh(_) => None,
        }
    }

    /// After `304 Not Modified`. None: the upstream speaks of another answer than this, or forbids to keep it now.
    pub fn confirmed(&self, reply: &Reply) -> Option<Self> {
        let response = response(reply.status, normal(&reply.headers))?;
        let after = self.policy.as_ref()?.after_response(&the_request(), &response, SystemTime::now());
        let AfterResponse::NotModified(_, head) = after else { return None };
        let mut headers = head.headers;
        // The crate puts there what it would tell a client of its own. What counts is what the upstream says now.
        headers.remove(header::AGE);
        if let Some(age) = reply.headers.get(header::AGE) {
            headers.insert(header::AGE, age.clone());
        }
        if let Some(date) = reply.headers.get(header::DATE) {
            headers.insert(header::DATE, date.clone());
        }
        Self::read(head.status.as_u16(), headers)
    }
}

fn policy(status: u16, headers: &HeaderMap, now: SystemTime) -> Option<CachePolicy> {
    let options = CacheOptions {
        shared: true,
        // What the upstream does not say, we do not guess.
        cache_heuristic: 0.0,
        immutable_min_time_to_live: Duration::ZERO,
        ..CacheOptions::default()
    };
    let response = response(status, headers.clone())?;
    Some(CachePolicy::new_options(&the_request(), &response, now, options)).filter(CachePolicy::is_storable)
}

/// Answers are found by their questions, and public questions have no header of their own: any request stands for all.
fn the_request() -> Request<()> {
    Request::new(())
}

fn response(status: u16, headers: HeaderMap) -> Option<Response<()>> {
    let mut response = Response::builder().status(status).body(()).ok()?;
    *response.headers_mut() = headers;
    Some(response)
}

/// Directives are case-insensitive (RFC 9111 §5.2); the crate knows them in lower case.
fn normal(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    if let header::Entry::Occupied(mut entry) = headers.entry(header::CACHE_CONTROL) {
        for value in entry.iter_mut() {
            let lower = value.as_bytes().to_ascii_lowercase();
            *value = HeaderValue::from_bytes(&lower).unwrap_or(HeaderValue::from_static("no-store"));
        }
    }
    headers
}

/// Of `Cache-Control`, in lower case.
struct Directives<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Directives<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
        let directive = |text: &'a str| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (name.trim(), value.trim().trim_matches('"'))
        };
        Self(values.flat_map(|value| value.split(',')).map(directive).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| *given == name)
    }

    fn seconds(&self, name: &str) -> Duration {
        let value = self.0.iter().find(|(given, _)| *given == name).and_then(|(_, value)| value.parse().ok());
        Duration::from_secs(value.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, headers: &[(&'static str, &'static str)]) -> Reply {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Reply { status, headers, body: bytes::Bytes::new() }
    }

    fn of(cache_control: &'static str) -> Option<Freshness> {
        Freshness::of(&reply(200, &[("cache-control", cache_control)]))
    }

    #[test]
    fn what_a_shared_cache_may_keep() {
        for forbidden in
            ["no-store", "private", "private, max-age=60", "max-age=60, No-Store", "PRIVATE=\"x\""]
        {
            assert!(of(forbidden).is_none(), "{forbidden}");
        }
        let now = Instant::now();
        for (allowed, fresh) in [
            ("max-age=60", true),
            ("Max-Age=60", true),
            ("public, s-maxage=60, max-age=0", true),
            ("max-age=60, s-maxage=0", false),
            ("max-age=60, no-cache", false),
            ("max-age=0", false),
            ("max-age=oops", false),
            ("public", false),
            ("immutable", false),
        ] {
            assert_eq!(of(allowed).unwrap().is_fresh(now), fresh, "{allowed}");
        }
        assert!(Freshness::of(&reply(404, &[])).is_none());
        assert!(Freshness::of(&reply(404, &[("cache-control", "max-age=9")])).unwrap().is_fresh(now));
        let guessed = reply(200, &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]);
        assert!(!Freshness::of(&guessed).unwrap().is_fresh(now), "nobody guesses");
    }

    #[test]
    fn dates_count_where_no_age_is_said() {
        let now = Instant::now();
        let expires =
            |expires| reply(200, &[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("expires", expires)]);
        assert!(Freshness::of(&expires("Sun, 06 Nov 1994 08:50:37 GMT")).unwrap().is_fresh(now));
        assert!(!Freshness::of(&expires("Sun, 06 Nov 1994 08:49:37 GMT")).unwrap().is_fresh(now));
        assert!(!Freshness::of(&expires("0")).unwrap().is_fresh(now));
    }

    #[test]
    fn age_on_the_way_counts() {
        let now = Instant::now();
        let aged = |age| {
            let headers =
                [("cache-control", "max-age=10, stale-while-revalidate=10, stale-if-error=20"), ("age", age)];
            Freshness::of(&reply(200, &headers)).unwrap()
        };
        let state = |age| {
            let freshness = aged(age);
            (
                freshness.is_fresh(now),
                freshness.serves_while_revalidating(now),
                freshness.serves_on_error(now),
            )
        };
        assert_eq!(state("5"), (true, true, true));
        assert_eq!(state("15"), (false, true, true));
        assert_eq!(state("25"), (false, false, true));
        assert_eq!(state("35"), (false, false, false));
        assert!(aged("5").fresh_until().is_some() && aged("15").fresh_until().is_none());
        assert!(aged("7").age(now) >= Duration::from_secs(7));
    }

    #[test]
    fn who_forbids_stale_answers_gets_none() {
        let now = Instant::now();
        for strict in ["must-revalidate", "proxy-revalidate", "no-cache"] {
            let text = format!("max-age=0, stale-while-revalidate=9, stale-if-error=9, {strict}");
            let headers = [("cache-control", HeaderValue::from_str(&text).unwrap())];
            let headers = headers.into_iter().map(|(n, v)| (http::HeaderName::from_static(n), v)).collect();
            let freshness =
                Freshness::of(&Reply { status: 200, headers, body: bytes::Bytes::new() }).unwrap();
            assert!(!freshness.serves_while_revalidating(now), "{strict}");
            assert!(!freshness.serves_on_error(now), "{strict}");
            assert!(!freshness.may_be_stale(), "{strict}");
        }
    }

    #[test]
    fn what_shared_caches_alone_are_told_binds_us_unless_they_are_told_how_much_longer() {
        let now = Instant::now();
        let freshness = of("s-maxage=60").unwrap();
        assert!(!freshness.may_be_stale() && freshness.is_fresh(now));
        assert!(of("max-age=60").unwrap().may_be_stale());
        let longer = of("s-maxage=0, stale-while-revalidate=9, stale-if-error=9").unwrap();
        assert!(longer.serves_while_revalidating(now) && longer.serves_on_error(now));
    }

    #[test]
    fn an_answer_is_of_use_for_a_while_or_if_it_can_be_confirmed() {
        for (text, alone, of_many) in [
            ("max-age=60", true, true),
            ("max-age=0", false, false),
            ("no-cache, stale-if-error=60", false, false),
            ("max-age=0, stale-if-error=60", true, true),
            ("max-age=0, stale-while-revalidate=60", true, true),
        ] {
            let freshness = of(text).unwrap();
            assert_eq!((freshness.is_of_use(true), freshness.is_of_use(false)), (alone, of_many), "{text}");
        }
        let tagged = Freshness::of(&reply(200, &[("etag", "\"v1\"")])).unwrap();
        assert!(tagged.is_of_use(true) && !tagged.is_of_use(false));
    }

    #[test]
    fn what_varies_by_what_differs_is_not_kept() {
        let varies = |by| Freshness::of(&reply(200, &[("cache-control", "max-age=9"), ("vary", by)]));
        assert!(varies("*").is_none());
        assert!(varies("Accept-Encoding, TraceParent").is_none());
        assert!(varies("Accept-Encoding, Authorization, Accept-Language").is_some());
    }

    #[test]
    fn a_validator_is_sent_back_and_what_it_confirms_is_fresh_again() {
        let now = Instant::now();
        let first = reply(200, &[("cache-control", "max-age=0"), ("etag", "\"v1\"")]);
        let first = Freshness::of(&first).unwrap();
        assert_eq!(first.condition().unwrap().get("if-none-match").unwrap(), "\"v1\"");
        assert!(!first.is_fresh(now));
        let same = reply(304, &[("cache-control", "max-age=60"), ("etag", "\"v1\"")]);
        let same = first.confirmed(&same).unwrap();
        assert!(same.is_fresh(now));
        assert!(same.policy.is_some(), "and can be confirmed again");
        assert!(first.confirmed(&reply(304, &[("etag", "\"v2\"")])).is_none(), "another answer");
        assert!(first.confirmed(&reply(304, &[("etag", "\"v1\""), ("cache-control", "no-store")])).is_none());
        assert!(of("max-age=0").unwrap().condition().is_none());
        let terse = first.confirmed(&reply(304, &[("etag", "\"v1\"")])).unwrap();
        assert!(!terse.is_fresh(now), "what it does not say stays");
    }
}
