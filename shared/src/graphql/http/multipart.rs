//! An answer in parts as `multipart/mixed` (Incremental Delivery over HTTP), and which clients want one.

use super::{Answer, MediaType};
use crate::{graphql::incremental::Form, telemetry::InParts};
use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use http::{HeaderMap, HeaderValue, header};

/// What a client takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// A whole answer so.
    pub media: MediaType,
    /// An answer in parts, in this form.
    pub form: Option<Form>,
    /// Whole answers are not wanted: one goes as the only part.
    only: bool,
}

impl Wanted {
    /// What `Accept` asks for; None, if it is nothing that there is. `defers` says whether answers come in parts.
    pub fn of(headers: &HeaderMap, defers: bool) -> Option<Self> {
        let form = if defers { form(headers) } else { None };
        match (MediaType::wanted(headers), form) {
            (Some(media), form) => Some(Self { media, form, only: false }),
            (None, Some(_)) => Some(Self { media: MediaType::Json, form, only: true }),
            (None, None) => None,
        }
    }

    /// The form in which a whole answer goes as the only part.
    pub fn only_parts(&self) -> Option<Form> {
        self.form.filter(|_| self.only)
    }
}

/// The form of the first `multipart/mixed` that is accepted and that is one of answers.
fn form(headers: &HeaderMap) -> Option<Form> {
    forms(headers, "multipart/mixed").flatten().next()
}

/// The form of parts that are server-sent events: `text/event-stream; deferSpec=20220824` asks for the former. None, if
/// it asks for one that is not spoken here.
pub fn form_of_events(headers: &HeaderMap) -> Option<Form> {
    forms(headers, "text/event-stream").next().unwrap_or(Some(Form::Current))
}

/// The forms that this media type is accepted in; None for one that is not spoken here, or not wanted.
fn forms(headers: &HeaderMap, media: &'static str) -> impl Iterator<Item = Option<Form>> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(move |range| {
        let mut parameters = range.split(';').map(str::trim);
        let is_it = parameters.next().is_some_and(|essence| essence.eq_ignore_ascii_case(media));
        is_it.then(|| spoken(parameters))
    })
}

fn spoken<'a>(parameters: impl Iterator<Item = &'a str>) -> Option<Form> {
    let mut form = Form::Current;
    for (name, value) in parameters.filter_map(|parameter| parameter.split_once('=')) {
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        match name.to_ascii_lowercase().as_str() {
            "q" if value.parse().is_ok_and(|quality: f32| quality <= 0.0) => return None,
            "deferspec" if value == FORMER => form = Form::Former,
            "incrementalspec" if value == CURRENT => form = Form::Current,
            // Of a later day, or of events: not spoken here.
            "deferspec" | "incrementalspec" | "subscriptionspec" => return None,
            _ => {}
        }
    }
    Some(form)
}

const FORMER: &str = "20220824";
const CURRENT: &str = "v0.2";

/// Whatever stands between two parts; the delimiter that ends a part is sent with it, so that nobody waits for the next
/// to know that it is whole.
const BEGIN: &[u8] = b"\r\n---";
const HEAD: &[u8] = b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n";
const END: &[u8] = b"--\r\n";

/// Sends parts as they come.
pub fn respond(form: Form, parts: BoxStream<'static, Bytes>) -> Response {
    let begin = futures::stream::iter([Bytes::from_static(BEGIN)]);
    let parts = parts.map(|part| [HEAD, &part, BEGIN].concat().into());
    let end = futures::stream::iter([Bytes::from_static(END)]);
    let framed = begin.chain(parts).chain(end).map(Ok::<_, std::convert::Infallible>);
    let mut response = Response::new(Body::from_stream(framed));
    let headers = response.headers_mut();
    let media = match form {
        Form::Current => "multipart/mixed; boundary=\"-\"; incrementalSpec=v0.2",
        Form::Former => "multipart/mixed; boundary=\"-\"; deferSpec=20220824",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(InParts);
    response
}

/// Sends a whole answer as the only part.
pub fn only_part(form: Form, answer: &Answer) -> Response {
    let mut body = answer.body.to_vec();
    body.pop();
    body.extend_from_slice(b",\"hasNext\":false}");
    respond(form, futures::stream::iter([Bytes::from(body)]).boxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &str) -> Option<(Option<Form>, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Wanted::of(&headers, true).map(|wanted| (wanted.form, wanted.only))
    }

    #[test]
    fn events_are_of_the_current_form_unless_they_are_to_be_of_another() {
        use Form::{Current, Former};
        for (accept, form) in [
            ("*/*", Some(Current)),
            ("text/event-stream", Some(Current)),
            ("multipart/mixed;deferSpec=20220824, text/event-stream", Some(Current)),
            ("text/event-stream; incrementalSpec=v0.2", Some(Current)),
            ("text/event-stream;deferSpec=20220824", Some(Former)),
            ("text/event-stream;deferSpec=20990101", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(form_of_events(&headers), form, "{accept}");
        }
    }

    #[test]
    fn the_first_form_that_is_known_counts() {
        use Form::{Current, Former};
        for (accept, form) in [
            ("*/*", Some((None, false))),
            ("application/json", Some((None, false))),
            ("multipart/mixed", Some((Some(Current), true))),
            ("Multipart/Mixed; incrementalSpec=v0.2, application/json", Some((Some(Current), false))),
            ("multipart/mixed;deferSpec=20220824,application/json;q=0.9", Some((Some(Former), false))),
            ("multipart/mixed; deferSpec=\"20220824\", multipart/mixed", Some((Some(Former), true))),
            ("multipart/mixed; deferSpec=20990101, multipart/mixed", Some((Some(Current), true))),
            ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json", Some((None, false))),
            ("multipart/mixed;q=0, application/json", Some((None, false))),
            ("multipart/mixed;q=0.0", None),
            ("multipart/form-data", None),
        ] {
            assert_eq!(wanted(accept), form, "{accept}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, "multipart/mixed".parse().unwrap());
        assert_eq!(Wanted::of(&headers, false), None);
    }
}
