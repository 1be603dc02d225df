//! In which of the two media types a client wants its answer (GraphQL over HTTP §6.4, RFC 9110 §12.5.1).

use http::{HeaderMap, HeaderValue, header};

/// How an answer is labelled, and with that, what its status says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MediaType {
    /// `application/json`: a well-formed request is 200 whatever becomes of it.
    Json,
    /// `application/graphql-response+json`: the status tells whether the request was at fault.
    GraphqlResponse,
}

impl MediaType {
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    /// Whether `Accept` would rather have a stream of events than one answer. It must say so: whoever takes anything is
    /// answered once.
    pub fn events_wanted(headers: &HeaderMap) -> bool {
        const EVENTS: &str = "text/event-stream";
        let [mut events, mut answer] = [0.0_f32; 2];
        // What most clients send needs no weighing.
        let named = |value: &HeaderValue| {
            value.as_bytes().windows(EVENTS.len()).any(|text| text.eq_ignore_ascii_case(EVENTS.as_bytes()))
        };
        if !headers.get_all(header::ACCEPT).iter().any(named) {
            return false;
        }
        for value in headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()) {
            for range in value.split(',') {
                let mut parts = range.split(';').map(str::trim);
                let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
                let Some(quality) = quality(parts) else { continue };
                match essence.as_str() {
                    EVENTS => events = events.max(quality),
                    "application/json" | "application/graphql-response+json" => answer = answer.max(quality),
                    _ => {}
                }
            }
        }
        events > answer
    }

    /// What `Accept` asks for; None, if it is neither. Who does not name the newer one does not know it, and gets JSON.
    pub fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::ACCEPT).iter();
        // What most clients send needs no weighing.
        if let (Some(only), None) = (values.next(), values.next())
            && (only == "application/json" || only == "*/*")
        {
            return Some(Self::Json);
        }
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let mut ranges = values.flat_map(|value| value.split(',')).map(str::trim).peekable();
        ranges.next_if_eq(&"");
        if ranges.peek().is_none() {
            return Some(Self::Json);
        }
        let [mut json, mut graphql] = [Match::default(); 2];
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let essence = parts.next().unwrap_or_default();
            let Some(quality) = quality(parts) else { continue };
            if essence == "*/*" {
                json.meets(ANYTHING, quality);
                graphql.meets(ANYTHING, quality);
            } else if essence.eq_ignore_ascii_case("application/*") {
                json.meets(ANY_APPLICATION, quality);
                graphql.meets(ANY_APPLICATION, quality);
            } else if essence.eq_ignore_ascii_case("application/json") {
                json.meets(NAMED, quality);
            } else if essence.eq_ignore_ascii_case("application/graphql-response+json") {
                graphql.meets(NAMED, quality);
            }
        }
        if json.quality <= 0.0 && graphql.quality <= 0.0 {
            return None;
        }
        let newer =
            graphql.quality > json.quality || (graphql.quality >= json.quality && graphql.precision == NAMED);
        Some(if newer { Self::GraphqlResponse } else { Self::Json })
    }
}

const ANYTHING: u8 = 1;
const ANY_APPLICATION: u8 = 2;
const NAMED: u8 = 3;

/// The range that describes a media type best, and what it is worth.
#[derive(Clone, Copy, Default)]
struct Match {
    precision: u8,
    quality: f32,
}

impl Match {
    fn meets(&mut self, precision: u8, quality: f32) {
        if precision > self.precision || (precision == self.precision && quality > self.quality) {
            *self = Self { precision, quality };
        }
    }
}

/// A range's weight: 1 unless it says otherwise. None, if it wants another encoding than UTF-8.
fn quality<'a>(parameters: impl Iterator<Item = &'a str>) -> Option<f32> {
    let mut quality = 1.0;
    for (name, value) in parameters.filter_map(|parameter| parameter.split_once('=')) {
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name.eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            return None;
        }
        if name.eq_ignore_ascii_case("q") {
            quality = value.parse().ok().filter(|q| (0.0..=1.0).contains(q)).unwrap_or(1.0);
        }
    }
    Some(quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        MediaType::wanted(&headers)
    }

    #[test]
    fn the_best_of_what_is_accepted() {
        use MediaType::{GraphqlResponse, Json};
        assert_eq!(MediaType::wanted(&HeaderMap::new()), Some(Json));
        for (accept, media) in [
            ("", Json),
            ("*/*", Json),
            ("application/*", Json),
            ("application/json", Json),
            ("Application/JSON; Charset=UTF-8", Json),
            ("application/graphql-response+json", GraphqlResponse),
            ("application/graphql-response+json; charset=\"utf-8\"", GraphqlResponse),
            // What the specification has clients send, and what they do send.
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                GraphqlResponse,
            ),
            ("application/graphql-response+json,application/json;q=0.9", GraphqlResponse),
            ("application/json, application/graphql-response+json", GraphqlResponse),
            ("application/json, multipart/mixed", Json),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Json),
            // Weights.
            ("application/json, application/graphql-response+json;q=0.9", Json),
            ("application/json;q=0.1, application/graphql-response+json;q=0.2", GraphqlResponse),
            ("application/graphql-response+json, */*", GraphqlResponse),
            ("application/json, */*", Json),
            ("application/json;q=0, */*", GraphqlResponse),
            ("*/*, application/graphql-response+json;q=0", Json),
            ("*/*;q=0.1, application/json;q=0, application/*;q=0.5", GraphqlResponse),
            // No weight at all: as if it were not written.
            ("application/graphql-response+json;q=nan", GraphqlResponse),
            ("application/graphql-response+json;q=7, application/json;q=0.5", GraphqlResponse),
        ] {
            assert_eq!(wanted(accept), Some(media), "{accept}");
        }
        for accept in [
            "text/html",
            "text/event-stream",
            "application/json;q=0",
            "*/*;q=0",
            "application/json; charset=utf-16",
            "application/jsonx, application",
        ] {
            assert_eq!(wanted(accept), None, "{accept}");
        }
    }

    #[test]
    fn events_are_sent_to_those_who_would_rather_have_them() {
        for (accept, wanted) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("text/event-stream, */*", true),
            ("application/json;q=0.5, text/event-stream", true),
            ("text/event-stream, multipart/mixed, application/json;q=0.9", true),
            // What urql sends with everything.
            (
                "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
                false,
            ),
            ("text/event-stream;q=0", false),
            ("text/event-stream;q=0.5, application/json", false),
            ("text/*", false),
            ("*/*", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(MediaType::events_wanted(&headers), wanted, "{accept}");
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "text/html".parse().unwrap());
        headers.append(header::ACCEPT, "application/graphql-response+json".parse().unwrap());
        assert_eq!(MediaType::wanted(&headers), Some(MediaType::GraphqlResponse));
    }
}
