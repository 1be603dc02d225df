//! One's own account: plan, address, locale, and how much of it others may see.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use rest::{
    Caching, Db, Early, FieldError, Outcome, Problem, Time, UserId, Write, cached, check_if_match, json,
    version_etag,
};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;
use utoipa::ToSchema;

use crate::Identity;

pub fn routes() -> Router<Identity> {
    cached(Router::new().route("/me", get(read).patch(change)), Caching::Private)
}

/// A user as they see themselves.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct Account {
    #[schema(example = "us-1")]
    id: String,
    display_name: String,
    email: String,
    /// ISO 3166.
    country: String,
    /// BCP 47.
    locale: String,
    bio: String,
    /// Whether others see more than the name and the avatar.
    public: bool,
    /// `free`, `premium` or `family`.
    plan: String,
    avatar_seed: i64,
    joined_at: Time,
    /// Counts the changes; also the `ETag`.
    version: i64,
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    display_name: Option<String>,
    country: Option<String>,
    locale: Option<String>,
    bio: Option<String>,
    public: Option<bool>,
}

/// The caller's own account.
#[utoipa::path(get, path = "/me", responses((status = 200, body = Account)))]
pub async fn read(State(db): State<Db>, UserId(user): UserId) -> Result<Response, Problem> {
    let mut reader = db.reads().acquire().await?;
    let account = account(&mut reader, &user).await?;
    let mut response = json(http::StatusCode::OK, &account)?.into_response();
    response.headers_mut().insert(header::ETAG, version_etag(account.version));
    Ok(response)
}

/// Changes the caller's own account. `If-Match` is honoured when sent.
#[utoipa::path(patch, path = "/me", request_body = Change, responses((status = 200, body = Account)),
    params(("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)))]
pub async fn change(
    State(db): State<Db>,
    UserId(user): UserId,
    write: Write<Change>,
) -> Result<Response, Early> {
    let change = checked(&write.input)?;
    let mut tx = write.begin(&db, &user).await?;
    let before = account(&mut tx, &user).await?;
    if write.headers.contains_key(header::IF_MATCH) {
        check_if_match(&write.headers, before.version)?;
    }
    sqlx::query(
        "UPDATE users SET display_name = coalesce(?, display_name), country = coalesce(?, country),
             locale = coalesce(?, locale), bio = coalesce(?, bio), public = coalesce(?, public),
             version = version + 1
         WHERE id = ?",
    )
    .bind(change.display_name)
    .bind(change.country)
    .bind(change.locale)
    .bind(change.bio)
    .bind(change.public)
    .bind(&user)
    .execute(&mut *tx)
    .await?;
    let after = account(&mut tx, &user).await?;
    let outcome = Outcome::ok(&after)?.version(after.version);
    tx.commit(outcome).await
}

async fn account(connection: &mut SqliteConnection, user: &str) -> Result<Account, Problem> {
    sqlx::query_as::<_, Account>(
        "SELECT id, display_name, email, country, locale, bio, public, plan, avatar_seed, joined_at, version
         FROM users WHERE id = ?",
    )
    .bind(user)
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Problem::not_found(format!("`{user}` has a token but no account here")))
}

fn checked(change: &Change) -> Result<Change, Problem> {
    let mut errors = Vec::new();
    let trimmed = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
    let (display_name, bio) = (trimmed(&change.display_name), trimmed(&change.bio));
    if let Some(name) = &display_name
        && (!(1..=80).contains(&name.chars().count()) || name.chars().any(char::is_control))
    {
        errors.push(FieldError::new("display_name", "must be 1 to 80 characters on one line"));
    }
    if let Some(bio) = &bio
        && bio.chars().count() > 500
    {
        errors.push(FieldError::new("bio", "must be at most 500 characters"));
    }
    if let Some(country) = &change.country
        && !(country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        errors.push(FieldError::new("country", "must be two capital letters (ISO 3166), e.g. `JP`"));
    }
    if let Some(locale) = &change.locale
        && !is_locale(locale)
    {
        errors.push(FieldError::new("locale", "must be a language tag (BCP 47), e.g. `pt-BR`"));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid_fields(errors));
    }
    Ok(Change {
        display_name,
        country: change.country.clone(),
        locale: change.locale.clone(),
        bio,
        public: change.public,
    })
}

/// The outer shape of BCP 47: a language of two or three letters, then subtags of up to eight letters or digits.
pub fn is_locale(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    text.len() <= 35
        && (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags
            .all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
