//! Until when an upstream's answer may be given again (RFC 9111).

use super::Reply;
use http::{HeaderMap, Method, StatusCode, Uri};
use http_cache_semantics::{CacheOptions, CachePolicy, RequestLike, ResponseLike};
use std::time::{Duration, Instant, SystemTime};

/// Until when a shared cache may give the answer to a `GET` without a credential again. None: the upstream does not say,
/// or forbids it. What would only be a guess (RFC 9111 §4.2.2) does not count.
pub(crate) fn fresh_until(reply: &Reply) -> Option<Instant> {
    let options = CacheOptions {
        shared: true,
        cache_heuristic: 0.0,
        immutable_min_time_to_live: Duration::ZERO,
        ignore_cargo_cult: false,
    };
    let now = SystemTime::now();
    let left = CachePolicy::new_options(&Get(HeaderMap::new()), reply, now, options).time_to_live(now);
    if left.is_zero() {
        return None;
    }
    Instant::now().checked_add(left)
}

/// A question as a cache sees it: always sent alike.
struct Get(HeaderMap);

impl RequestLike for Get {
    fn uri(&self) -> Uri {
        Uri::default()
    }
    fn is_same_uri(&self, _: &Uri) -> bool {
        true
    }
    fn method(&self) -> &Method {
        &Method::GET
    }
    fn headers(&self) -> &HeaderMap {
        &self.0
    }
}

impl ResponseLike for Reply {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
    fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderName, HeaderValue};

    fn seconds(headers: &[(&'static str, &str)]) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        let until = fresh_until(&Reply { status: 200, headers, body: Bytes::new() })?;
        Some((until - Instant::now()).as_secs_f64().ceil() as u64)
    }

    #[test]
    fn an_answer_is_fresh_for_as_long_as_its_upstream_says() {
        assert_eq!(seconds(&[("cache-control", "max-age=60")]), Some(60));
        assert_eq!(seconds(&[("cache-control", "max-age=60, s-maxage=10")]), Some(10));
        assert_eq!(seconds(&[("cache-control", "max-age=60"), ("age", "20")]), Some(40));
        for unsaid in [
            &[][..],
            &[("cache-control", "no-store, max-age=60")],
            &[("cache-control", "private, max-age=60")],
            &[("cache-control", "no-cache, max-age=60")],
            &[("cache-control", "public, immutable")],
            &[("cache-control", "max-age=60"), ("age", "60")],
            &[("cache-control", "max-age=60"), ("vary", "*")],
            &[("last-modified", "Mon, 05 Jan 2026 10:00:00 GMT")],
            &[("expires", "0")],
        ] {
            assert_eq!(seconds(unsaid), None, "{unsaid:?}");
        }
    }
}
