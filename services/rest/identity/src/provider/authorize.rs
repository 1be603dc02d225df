//! Signing in for development: a page of demo users, one click, a code for whoever holds the PKCE secret (RFC 7636).

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, StatusCode, Uri, header};
use rest::{Problem, now_ms};
use url::{Host, Url};

use super::form::Form;
use super::{USER_SCOPE, hash, unguessable};
use crate::Identity;

/// Long enough for a redirect, too short to be found in a log.
const CODE_LIFETIME_MS: i64 = 60_000;

/// How many users the page offers.
const OFFERED: i64 = 12;

/// What a client asks for, found acceptable.
struct Request {
    client_id: String,
    redirect_uri: Url,
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    challenge: String,
}

/// The sign-in page. Parameters as in RFC 6749 (4.1.1), PKCE with `S256` required.
#[utoipa::path(get, path = "/authorize", responses((status = 200, description = "A page", content_type = "text/html")),
    params(
        ("client_id" = String, Query), ("redirect_uri" = String, Query), ("response_type" = String, Query),
        ("code_challenge" = String, Query), ("code_challenge_method" = String, Query),
        ("scope" = Option<String>, Query), ("state" = Option<String>, Query), ("nonce" = Option<String>, Query),
    ))]
pub async fn page(State(identity): State<Identity>, uri: Uri) -> Result<Response, Problem> {
    let request = match read(&identity, uri.query().unwrap_or_default().as_bytes())? {
        Ok(request) => request,
        Err(refusal) => return Ok(refusal),
    };
    let users = sqlx::query_as::<_, (String, String, String)>(
        "SELECT id, display_name, plan FROM users ORDER BY length(id), id LIMIT ?",
    )
    .bind(OFFERED)
    .fetch_all(identity.db.reads())
    .await?;
    let buttons: String = users
        .iter()
        .map(|(id, name, plan)| {
            let (id, name, plan) = (escaped(id), escaped(name), escaped(plan));
            format!(
                "<button name=\"user\" value=\"{id}\"><b>{name}</b> <small>{id}, {plan}</small></button>\n"
            )
        })
        .collect();
    let kept: String = [
        ("client_id", Some(request.client_id.as_str())),
        ("redirect_uri", Some(request.redirect_uri.as_str())),
        ("response_type", Some("code")),
        ("code_challenge", Some(request.challenge.as_str())),
        ("code_challenge_method", Some("S256")),
        ("scope", Some(request.scope.as_str())),
        ("state", request.state.as_deref()),
        ("nonce", request.nonce.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| {
        Some(format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value?)))
    })
    .collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign in (development)</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>\
         body{{font:16px system-ui;max-width:28rem;margin:3rem auto;padding:0 1rem}}\
         button{{display:block;width:100%;margin:.4rem 0;padding:.7rem;font:inherit;text-align:left;cursor:pointer}}\
         small{{opacity:.7}}</style><h1>Who are you today?</h1>\
         <p><b>{}</b> asks you to sign in. This page exists in development only.</p>\
         <form method=\"post\" action=\"authorize\">{kept}{buttons}</form></html>",
        escaped(&request.client_id)
    );
    Ok((page_headers(), Html(html)).into_response())
}

/// The click: sends the browser back to the client with a code.
#[utoipa::path(post, path = "/authorize", responses((status = 303, description = "Back to the client")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"))]
pub async fn sign_in(State(identity): State<Identity>, body: Bytes) -> Result<Response, Problem> {
    let request = match read(&identity, &body)? {
        Ok(request) => request,
        Err(refusal) => return Ok(refusal),
    };
    let user = Form::parse(&body).ok().and_then(|form| form.get("user").map(str::to_owned));
    let user = user.ok_or_else(|| Problem::invalid("user", "choose one of the users of the page"))?;
    let known = sqlx::query_scalar::<_, i64>("SELECT 1 FROM users WHERE id = ?")
        .bind(&user)
        .fetch_optional(identity.db.reads())
        .await?;
    if known.is_none() {
        return Err(Problem::invalid("user", format!("there is no user `{user}`")));
    }
    let code = unguessable();
    let now = now_ms();
    let mut tx = identity.db.begin().await?;
    sqlx::query("DELETE FROM codes WHERE expires_at < ?").bind(now).execute(&mut *tx).await?;
    sqlx::query(
        "INSERT INTO codes (code_hash, user_id, client_id, redirect_uri, scope, nonce, challenge, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(hash(&code))
    .bind(&user)
    .bind(&request.client_id)
    .bind(request.redirect_uri.as_str())
    .bind(&request.scope)
    .bind(&request.nonce)
    .bind(&request.challenge)
    .bind(now + CODE_LIFETIME_MS)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(back(&identity, &request.redirect_uri, request.state.as_deref(), &[("code", &code)]))
}

/// A request that may be answered, or the redirect that refuses it. A client or an address that we do not know gets no
/// redirect at all: that would make us anybody's springboard.
fn read(identity: &Identity, encoded: &[u8]) -> Result<Result<Request, Response>, Problem> {
    let form = Form::parse(encoded).map_err(|name| Problem::parameter(name, "given more than once"))?;
    let required =
        |name: &str| form.get(name).ok_or_else(|| Problem::parameter(name, "this parameter is required"));
    let client_id = required("client_id")?;
    let address = required("redirect_uri")?;
    let redirect_uri =
        is_allowed(identity, client_id, address).map_err(|why| Problem::parameter("redirect_uri", why))?;
    let state = form.get("state").map(str::to_owned);
    let refuse = |error: &str, description: &str| {
        let parameters = [("error", error), ("error_description", description)];
        Ok(Err(back(identity, &redirect_uri, state.as_deref(), &parameters)))
    };
    if form.get("response_type") != Some("code") {
        return refuse("unsupported_response_type", "response_type must be code");
    }
    let challenge = form.get("code_challenge").unwrap_or_default();
    if form.get("code_challenge_method") != Some("S256") || challenge.len() != 43 {
        return refuse("invalid_request", "PKCE is required: code_challenge with code_challenge_method S256");
    }
    let scope = match narrowed(form.get("scope"), USER_SCOPE) {
        Ok(scope) => scope,
        Err(unknown) => {
            return refuse("invalid_scope", &format!("there is no scope {unknown}; known: {USER_SCOPE}"));
        }
    };
    Ok(Ok(Request {
        client_id: client_id.to_owned(),
        scope,
        nonce: form.get("nonce").map(str::to_owned),
        challenge: challenge.to_owned(),
        state,
        redirect_uri,
    }))
}

/// The address, if this client may have browsers sent there; else why not.
pub fn is_allowed(identity: &Identity, client_id: &str, address: &str) -> Result<Url, String> {
    let refused = || {
        format!(
            "`{address}` is not registered for the client `{client_id}`; register it in `relying_parties` of the \
             configuration, or use http://127.0.0.1 in development"
        )
    };
    let url = Url::parse(address).map_err(|_| refused())?;
    let registered = identity.config.relying_parties.contains(&format!("{client_id} {address}"));
    let loopback = match url.host() {
        Some(Host::Ipv4(host)) => host.is_loopback(),
        Some(Host::Ipv6(host)) => host.is_loopback(),
        Some(Host::Domain(host)) => host == "localhost",
        None => false,
    };
    let tolerated = identity.development && loopback && matches!(url.scheme(), "http" | "https");
    if (registered || tolerated) && url.fragment().is_none() { Ok(url) } else { Err(refused()) }
}

/// The asked scopes if all of them may be had; everything that may be had when none is asked. Fails with the first
/// that may not.
pub fn narrowed(asked: Option<&str>, available: &str) -> Result<String, String> {
    let Some(asked) = asked else { return Ok(available.to_owned()) };
    let mut granted: Vec<&str> = Vec::new();
    for scope in asked.split_ascii_whitespace() {
        if !available.split(' ').any(|known| known == scope) {
            return Err(scope.to_owned());
        }
        if !granted.contains(&scope) {
            granted.push(scope);
        }
    }
    Ok(granted.join(" "))
}

/// Back to the client, naming ourselves (RFC 9207).
fn back(identity: &Identity, to: &Url, state: Option<&str>, parameters: &[(&str, &str)]) -> Response {
    let mut to = to.clone();
    {
        let mut query = to.query_pairs_mut();
        query.extend_pairs(parameters);
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", identity.signer.issuer());
    }
    let headers = [(header::LOCATION, String::from(to)), (header::CACHE_CONTROL, "no-store".to_owned())];
    (StatusCode::SEE_OTHER, headers).into_response()
}

pub fn page_headers() -> [(HeaderName, &'static str); 4] {
    [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
