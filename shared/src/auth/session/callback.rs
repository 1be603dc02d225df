//! `GET /auth/callback`: the browser comes back from the provider with a code, and with the cookie it left with.

use std::borrow::Cow;

use axum::{extract::State, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, Uri, header};

use super::{
    Sessions, digest, key_of,
    login::{NAME, PATIENCE_S, PLACE},
    now_s,
    page::{Trouble, no_store},
    provider::{Granted, Who},
    record::{Login, Record},
    unguessable,
};

pub async fn callback(State(sessions): State<Sessions>, headers: HeaderMap, uri: Uri) -> Response {
    let query = Parameters::of(&uri);
    let arrived = match &query {
        Ok(query) => sessions.arrive(&headers, query).await,
        Err(name) => Err(Trouble::sign_in(format!("`{name}` was given more than once."))),
    };
    let mut response = arrived.unwrap_or_else(|trouble| trouble.response(&headers));
    // Whatever came of it, this login is over.
    let name = query.ok().and_then(|query| Some(query.state?.get(..NAME)?.to_owned()));
    if let Some(name) = name
        && sessions.0.cookies.login(&headers, &name).is_some()
        && let Some(cookie) = sessions.0.cookies.clear_login(&name)
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// RFC 6749, 4.1.2; RFC 9207.
#[derive(Default)]
struct Parameters<'q> {
    code: Option<Cow<'q, str>>,
    state: Option<Cow<'q, str>>,
    error: Option<Cow<'q, str>>,
    issuer: Option<Cow<'q, str>>,
}

impl<'q> Parameters<'q> {
    /// The name of what is given twice is the error.
    fn of(uri: &'q Uri) -> Result<Self, Cow<'q, str>> {
        let mut parameters = Self::default();
        for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let place = match &*name {
                "code" => &mut parameters.code,
                "state" => &mut parameters.state,
                "error" => &mut parameters.error,
                "iss" => &mut parameters.issuer,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(name);
            }
        }
        Ok(parameters)
    }
}

impl Sessions {
    async fn arrive(&self, headers: &HeaderMap, query: &Parameters<'_>) -> Result<Response, Trouble> {
        let login = self.login(headers, query.state.as_deref())?;
        // Each login comes back once. A store that is away cannot tell, and then nobody signs in.
        let first = self.0.store.once(&digest("state", &login.state)).await;
        if !first.map_err(|error| Trouble::store(&error))? {
            return Err(Trouble::sign_in("This sign-in was completed before.".to_owned()));
        }
        if query.issuer.as_deref().is_some_and(|issuer| !self.0.provider.is(issuer)) {
            return Err(Trouble::sign_in("The answer comes from another provider.".to_owned()));
        }
        if let Some(error) = &query.error {
            // The provider's word, of RFC 6749's short list or its own; anybody can write a URL, so it is not quoted at length.
            let plain =
                error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let error = if plain { error } else { "an error" };
            return Err(Trouble::sign_in(format!("The provider did not sign you in ({error}).")));
        }
        let Some(code) = &query.code else {
            return Err(Trouble::sign_in("The provider's answer has no `code`.".to_owned()));
        };
        let arrival =
            self.0.provider.arrival(code.to_string(), login.verifier, login.nonce, &login.redirect_uri).await;
        let (who, granted) = arrival.map_err(|failure| Trouble::of(&failure))?;

        // Whatever the browser had before ends: a session that somebody else gave it never becomes one that is signed in.
        if let Some(before) = self.0.cookies.session(headers) {
            self.end(&key_of(before)).await.map_err(|error| Trouble::store(&error))?;
        }
        let cookie = self.begin(who, granted).await?;
        let mut response = no_store(StatusCode::SEE_OTHER);
        let location = login.return_to.try_into().map_err(|_| Trouble::internal())?;
        response.headers_mut().insert(header::LOCATION, location);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    /// The login that this browser left with.
    fn login(&self, headers: &HeaderMap, state: Option<&str>) -> Result<Login, Trouble> {
        let name = state.and_then(|state| state.get(..NAME));
        let cookie = name.and_then(|name| self.0.cookies.login(headers, name));
        let login = cookie
            .and_then(|cookie| URL_SAFE_NO_PAD.decode(cookie).ok())
            .and_then(|sealed| self.0.seal.open::<Login>(PLACE, &sealed))
            .filter(|login| Some(login.state.as_str()) == state);
        match login {
            Some(login) if now_s() < login.began_s.saturating_add(PATIENCE_S) => Ok(login),
            Some(_) => Err(Trouble::sign_in("It took too long.".to_owned())),
            None => Err(Trouble::sign_in(
                "This browser has not begun this sign-in, or has completed it before, or does not keep cookies.".to_owned(),
            )),
        }
    }

    async fn begin(&self, who: Who, granted: Granted) -> Result<http::HeaderValue, Trouble> {
        let (cookie, now) = (unguessable(), now_s());
        let key = key_of(&cookie);
        let mut labels = vec![subject_label(&who.subject)];
        labels.extend(who.sid.as_deref().map(sid_label));
        let record = Record {
            subject: who.subject,
            name: who.name,
            plan: who.plan,
            sid: who.sid,
            id_token: who.id_token,
            scope: granted.scope.unwrap_or_else(|| self.0.settings.scopes.join(" ")),
            access_from_s: now,
            access_until_s: granted.lifetime.map(|lifetime| now.saturating_add(lifetime.as_secs())),
            refresh_token: granted.refresh_token,
            generation: 0,
            ends_s: now.saturating_add(self.0.settings.absolute_s),
        };
        let sealed = self.sealed(&key, &record).map_err(|error| Trouble::store(&error))?;
        self.0.store.create(&key, sealed, labels).await.map_err(|error| Trouble::store(&error))?;
        self.0.cookies.set_session(&cookie).ok_or_else(Trouble::internal)
    }
}

/// How sessions are found when the provider says that somebody has signed out.
pub fn subject_label(subject: &str) -> String {
    digest("sub", subject)
}

pub fn sid_label(sid: &str) -> String {
    digest("sid", sid)
}
