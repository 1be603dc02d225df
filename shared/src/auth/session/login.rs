//! `GET /auth/login?returnTo=/path`: sends the browser to the provider, with a cookie that it must bring back.

use axum::{extract::State, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, Uri, header};

use super::{
    Sessions,
    cookie::LOGINS,
    now_s,
    page::{Trouble, no_store},
    record::Login,
    return_to::is_own_path,
};
use crate::Code;

/// Seconds that somebody has at the provider's page.
pub const PATIENCE_S: u64 = 600;

/// Characters of a login's `state` that its cookie is named by. Each has its own: two tabs may sign in at once.
pub const NAME: usize = 16;

/// What a login's cookie is sealed for.
pub const PLACE: &str = "login";

pub async fn login(State(sessions): State<Sessions>, headers: HeaderMap, uri: Uri) -> Response {
    match sessions.depart(&headers, &uri).await {
        Ok(response) => response,
        Err(trouble) => trouble.response(&headers),
    }
}

impl Sessions {
    async fn depart(&self, headers: &HeaderMap, uri: &Uri) -> Result<Response, Trouble> {
        let return_to = return_to(uri, &self.0.settings.after_login)?;
        let origin = self.origin(headers, uri).ok_or_else(|| {
            Trouble::new(
                Code::SignInFailed,
                "This server does not know where browsers reach it: set `auth.session.public_url`. (In development, ask for \
                 it by http://127.0.0.1 or http://localhost.)",
            )
        })?;
        let redirect_uri = format!("{origin}/auth/callback");
        let departure =
            self.0.provider.departure(&redirect_uri).await.map_err(|failure| Trouble::of(&failure))?;
        let name = departure.state.get(..NAME).unwrap_or_default().to_owned();
        let login = Login {
            state: departure.state,
            nonce: departure.nonce,
            verifier: departure.verifier,
            redirect_uri,
            return_to,
            began_s: now_s(),
        };
        let sealed = self.0.seal.seal(PLACE, &login).ok_or_else(Trouble::internal)?;
        let cookie = self.0.cookies.set_login(&name, &URL_SAFE_NO_PAD.encode(sealed), PATIENCE_S);
        let mut response = no_store(StatusCode::SEE_OTHER);
        let location = departure.url.as_str().try_into().map_err(|_| Trouble::internal())?;
        response.headers_mut().insert(header::LOCATION, location);
        response.headers_mut().append(header::SET_COOKIE, cookie.ok_or_else(Trouble::internal)?);
        // They were given up, and a request's headers have room for so many only.
        let under_way = self.0.cookies.logins(headers);
        if under_way.len() >= LOGINS {
            let cleared = under_way.iter().filter_map(|name| self.0.cookies.clear_login(name));
            cleared.for_each(|cookie| {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            });
        }
        Ok(response)
    }
}

/// Only to a path of our own: else a link to us would lead to anybody's page, with our name on it.
fn return_to(uri: &Uri, otherwise: &str) -> Result<String, Trouble> {
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut given = query.filter(|(name, _)| name == "returnTo").map(|(_, value)| value);
    match (given.next(), given.next()) {
        (None, _) => Ok(otherwise.to_owned()),
        (Some(path), None) if is_own_path(&path) => Ok(path.into_owned()),
        _ => Err(Trouble::new(
            Code::BadUserInput,
            "`returnTo` is no path of this server's own: write one that begins with a single slash, such as `/library?tab=1`.",
        )),
    }
}
