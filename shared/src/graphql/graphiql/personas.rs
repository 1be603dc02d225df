//! Who one can be in GraphiQL, in development: the credential of each is fetched when it is chosen, and nobody pastes any.

use crate::{Code, app::ErrorBody, config::Persona};
use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing,
};
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};

/// How long the provider of a credential may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Personas {
    all: Arc<[Persona]>,
    client: reqwest::Client,
}

/// As the page has it: its number is its place.
#[derive(Serialize)]
pub struct Choice<'p> {
    label: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<&'p str>,
    /// There is a credential to fetch.
    credential: bool,
}

impl<'p> Choice<'p> {
    pub fn of(persona: &'p Persona) -> Self {
        let Persona { label, url, login, .. } = persona;
        Self { label, login: login.as_deref(), credential: url.is_some() }
    }
}

/// `GET /graphiql/personas/0`: `{"headers": {"authorization": "Bearer …"}}`.
///
/// # Errors
/// The client that fetches credentials cannot be made.
pub fn routes(personas: &[Persona]) -> Result<Router, reqwest::Error> {
    #[expect(clippy::disallowed_methods, reason = "whoever gives credentials is no upstream")]
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let personas = Personas { all: personas.into(), client };
    Ok(Router::new().route("/graphiql/personas/{number}", routing::get(headers)).with_state(personas))
}

async fn headers(State(personas): State<Personas>, Path(number): Path<usize>) -> Response {
    let Some(persona) = personas.all.get(number) else {
        return ErrorBody::GraphQl.response(Code::NotFound, "There is no such persona");
    };
    let headers = match &persona.url {
        None => Ok(Map::new()),
        Some(url) => personas.fetch(url, persona).await,
    };
    match headers {
        Ok(headers) => {
            ([(header::CACHE_CONTROL, "no-store")], axum::Json(json!({ "headers": headers }))).into_response()
        }
        Err(reason) => {
            let message = format!("{} has no credential: {reason}", persona.label);
            ErrorBody::GraphQl.response(Code::UpstreamUnavailable, message)
        }
    }
}

impl Personas {
    async fn fetch(&self, url: &url::Url, persona: &Persona) -> Result<Map<String, Value>, String> {
        let wrong = |error: reqwest::Error| format!("{url} does not answer ({})", error.without_url());
        #[expect(clippy::disallowed_methods, reason = "see `routes`")]
        let answer = self.client.get(url.clone()).send().await.map_err(wrong)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("{url} answers {status}; does it run in development, with its demo data?"));
        }
        let given: Value = serde_json::from_slice(&answer.bytes().await.map_err(wrong)?)
            .map_err(|_| format!("{url} does not answer with JSON"))?;
        let (name, value) = filled(&persona.header, &given)?;
        Ok(Map::from_iter([(name.to_string(), Value::from(value.to_str().unwrap_or_default()))]))
    }
}

/// The header that a template makes of what was given.
fn filled(template: &str, given: &Value) -> Result<(HeaderName, HeaderValue), String> {
    let (name, mut rest) = template.split_once(": ").ok_or("its `header` is not `Name: value`")?;
    let mut value = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let (member, behind) = after.split_once('}').ok_or("its `header` has a `{` without a `}`")?;
        let text = given[member].as_str().ok_or_else(|| format!("what was given has no `{member}`"))?;
        value.extend([before, text]);
        rest = behind;
    }
    value.push_str(rest);
    let name = HeaderName::try_from(name).map_err(|_| format!("`{name}` is no header's name"))?;
    let value = HeaderValue::try_from(value).map_err(|_| "what was given does not fit a header")?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_made_of_what_was_given() {
        let given = json!({"access_token": "abc", "key": "k"});
        let made =
            |template: &str| filled(template, &given).map(|(name, value)| format!("{name}: {value:?}"));
        assert_eq!(made("Authorization: Bearer {access_token}").unwrap(), "authorization: \"Bearer abc\"");
        assert_eq!(made("X-Key: {key}/{access_token}").unwrap(), "x-key: \"k/abc\"");
        for wrong in ["Authorization", "A: {missing}", "A: {key", "A b: {key}"] {
            assert!(made(wrong).is_err(), "{wrong}");
        }
    }
}
