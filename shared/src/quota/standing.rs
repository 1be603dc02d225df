//! Where a client stands: as resolvers read it, as answers tell it, as headers do.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// A client's bucket at one moment.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Which plan it is of.
    pub plan: String,
    /// In how long an empty bucket is full.
    pub window: Duration,
    /// What it has when it is full.
    pub limit: u64,
    /// What it has.
    pub remaining: u64,
    /// When it is full, if nothing is taken.
    pub reset_at: SystemTime,
    pub(crate) reset_in: Duration,
    /// It is this replica's share alone: the store that replicas share is gone.
    pub local: bool,
}

/// `extensions.cost` of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    /// What it might have cost.
    pub requested: u64,
    /// What it did.
    pub actual: u64,
    pub standing: Standing,
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Standing { limit, remaining, reset_at, local, .. } = &self.standing;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("requested", &self.requested)?;
        map.serialize_entry("actual", &self.actual)?;
        map.serialize_entry("limit", limit)?;
        map.serialize_entry("remaining", remaining)?;
        map.serialize_entry("resetAt", &rfc3339(*reset_at))?;
        if *local {
            map.serialize_entry("local", &true)?;
        }
        map.end()
    }
}

/// In whole seconds, rounded up: nobody comes back too early.
fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(whole(since)).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string()
}

fn whole(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

impl Standing {
    /// When it is full (RFC 3339).
    pub fn reset_at_text(&self) -> String {
        rfc3339(self.reset_at)
    }
}

/// `RateLimit-*` of a response, and when to come back.
#[derive(Clone, Debug)]
pub(crate) struct RateHeaders {
    pub standing: Standing,
    /// Seconds.
    pub retry_after: Option<u16>,
}

impl RateHeaders {
    /// The widespread three, and the policy that they are of (draft-ietf-httpapi-ratelimit-headers).
    pub fn put(&self, headers: &mut HeaderMap) {
        let Standing { plan, window, limit, remaining, reset_in, .. } = &self.standing;
        let numbers = [
            ("ratelimit-limit", *limit),
            ("ratelimit-remaining", *remaining),
            ("ratelimit-reset", whole(*reset_in)),
        ];
        for (name, number) in numbers {
            headers.insert(HeaderName::from_static(name), number.into());
        }
        let policy = HeaderValue::try_from(format!("\"{plan}\";q={limit};w={}", window.as_secs()));
        if let Ok(policy) = policy {
            headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
    }
}
