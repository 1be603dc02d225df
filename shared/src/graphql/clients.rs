//! How long which version of an application is served: `[clients.<name>]`. What a version that is about to end is told:
//! `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `extensions.client`; what one that has ended: 426 and where to get a
//! newer one.

mod version;

pub use self::version::Version;
use super::{answer::Answer, incremental::InParts};
use crate::{Code, Fault, config::ClientSettings, request::Client};
use axum::response::Response;
use futures::{StreamExt, stream::BoxStream};
use http::{HeaderName, HeaderValue, header::LINK};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use url::Url;

/// Since when (RFC 9745): a date of RFC 9651.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// Until when (RFC 8594): a date of HTTP.
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The applications whose versions are looked at, by name. Cheap to clone.
#[derive(Clone, Default)]
pub struct Clients(Arc<FxHashMap<String, Arc<Lifecycle>>>);

/// What is configured of one, ready to be told.
struct Lifecycle {
    min: Option<Version>,
    deprecated: Option<Version>,
    /// The first moment at which deprecated versions are refused.
    end: Option<Timestamp>,
    sunset: Option<Date>,
    upgrade_url: Option<Url>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Clients {
    /// As configured, and checked.
    pub fn new(configured: &BTreeMap<String, ClientSettings>) -> Self {
        let lifecycles =
            configured.iter().map(|(name, client)| (name.clone(), Arc::new(Lifecycle::new(client))));
        Self(Arc::new(lifecycles.collect()))
    }

    /// Whether anybody's version is looked at.
    pub fn are_looked_at(&self) -> bool {
        !self.0.is_empty()
    }

    /// The version of this client, where it is one of these applications and says which it is.
    pub fn version(&self, client: &Client) -> Option<Version> {
        self.0.get(client.name.as_deref()?)?;
        Version::read(client.version.as_deref()?)
    }

    /// What is to be told to this client, if anything is.
    ///
    /// # Errors
    /// Its version is not served any more.
    pub fn served(&self, client: &Client) -> Result<Option<Notice>, Fault> {
        let (Some(name), Some(said)) = (client.name.as_deref(), client.version.as_deref()) else {
            return Ok(None);
        };
        let Some(lifecycle) = self.0.get(name) else { return Ok(None) };
        // What is no version is an unknown one.
        let Some(version) = Version::read(said) else { return Ok(None) };
        let below = |bound: Option<Version>| bound.is_some_and(|bound| version < bound);
        let deprecated = below(lifecycle.deprecated);
        let over = lifecycle.end.is_some_and(|end| Timestamp::now() >= end);
        if below(lifecycle.min) || (deprecated && over) {
            return Err(lifecycle.refusal(name, said));
        }
        Ok(deprecated.then(|| Notice { lifecycle: lifecycle.clone(), client: client.clone() }))
    }
}

impl Lifecycle {
    fn new(configured: &ClientSettings) -> Self {
        let read = |version: &Option<String>| version.as_deref().and_then(Version::read);
        let sunset = configured.sunset_date();
        let end = sunset.and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok());
        let mut headers = Vec::new();
        let mut say = |name, value: String| {
            headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)))
        };
        // The configuration does not say since when: by the time it is read, it is.
        say(DEPRECATION, format!("@{}", Timestamp::now().as_second()));
        if let Some(end) = end {
            say(SUNSET, end.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        }
        if let Some(url) = &configured.upgrade_url {
            say(LINK, format!("<{url}>; rel=\"deprecation\""));
        }
        let upgrade_url = configured.upgrade_url.clone();
        Self {
            min: read(&configured.min),
            deprecated: read(&configured.deprecated),
            end,
            sunset,
            upgrade_url,
            headers,
        }
    }

    fn refusal(&self, name: &str, said: &str) -> Fault {
        // A header may hold anything, and be long.
        let said: String = said.chars().filter(|c| !c.is_control()).take(32).collect();
        let at = self.upgrade_url.as_ref().map(|url| format!(": {url}")).unwrap_or_default();
        let message = format!("Version {said} of {name} is not served any more. Update it{at}");
        Fault::new(Code::ClientVersionUnsupported, message)
    }
}

/// What a deprecated version is told.
#[derive(Clone)]
pub struct Notice {
    lifecycle: Arc<Lifecycle>,
    client: Client,
}

/// `extensions.client`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'n> {
    name: Option<&'n str>,
    version: Option<&'n str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sunset: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upgrade_url: Option<&'n str>,
}

impl Notice {
    /// As JSON: `{"name":"ios","version":"2.1","status":"deprecated","sunset":"2027-01-31","upgradeUrl":"https://…"}`.
    pub fn text(&self) -> String {
        let told = Told {
            name: self.client.name.as_deref(),
            version: self.client.version.as_deref(),
            status: "deprecated",
            sunset: self.lifecycle.sunset,
            upgrade_url: self.lifecycle.upgrade_url.as_ref().map(Url::as_str),
        };
        // Texts and a date: cannot fail.
        serde_json::to_string(&told).unwrap_or_default()
    }

    /// In the head of a response.
    pub fn head(&self, response: &mut Response) {
        for (name, value) in &self.lifecycle.headers {
            response.headers_mut().append(name, value.clone());
        }
    }

    /// In an answer, which is then this client's alone.
    pub fn in_answer(&self, answer: &mut Answer) {
        answer.extend("client", &self.text());
        answer.keep = None;
    }

    /// In whatever comes of a request whose client takes parts.
    pub fn in_any(&self, answered: InParts) -> InParts {
        match answered {
            InParts::Whole(mut answer) => {
                self.in_answer(&mut answer);
                InParts::Whole(answer)
            }
            InParts::Parts(parts) => {
                let answers = self.in_stream(parts.map(Answer::part).boxed());
                InParts::Parts(answers.map(|answer| answer.body).boxed())
            }
        }
    }

    /// In each answer of a stream; of one in parts, in the first.
    pub fn in_stream(&self, answers: BoxStream<'static, Answer>) -> BoxStream<'static, Answer> {
        let text = self.text();
        let told = answers.enumerate().map(move |(nth, mut answer)| {
            if nth == 0 || !answer.part {
                answer.extend("client", &text);
                answer.keep = None;
            }
            answer
        });
        told.boxed()
    }
}
