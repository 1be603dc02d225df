//! Reports of plays, from phones that may have been offline: each counts once, however often it is sent.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use rest::{Caching, Db, Early, FieldError, Outcome, Problem, Time, Write, cached, is_id};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::SqliteConnection;
use utoipa::ToSchema;

use crate::caller::Actor;

/// The most reports of one request.
const MOST_REPORTS: usize = 500;
/// Nobody listens to one track longer than a day.
const LONGEST_PLAY_MS: i64 = 86_400_000;
/// How far ahead a phone's clock may be.
const CLOCK_SKEW_MS: i64 = 86_400_000;

pub fn routes() -> Router<Db> {
    cached(Router::new().route("/plays", post(report)), Caching::Private)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    /// 1 to 500.
    reports: Vec<Report>,
}

/// One play.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Chosen by the reporter, unique among the user's reports: 1 to 128 visible ASCII characters.
    #[schema(example = "6f1c0c9e-play-17")]
    report_id: String,
    #[schema(example = "tr-1")]
    track_id: String,
    /// RFC 3339; not later than a day from now.
    played_at: Time,
    /// How much of it was heard, in milliseconds; at most a day.
    ms_played: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Results {
    /// One per report, in the order of the reports.
    results: Vec<ReportResult>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReportResult {
    report_id: String,
    status: Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Counted now.
    Accepted,
    /// Counted before.
    Duplicate,
}

/// Counts plays of the caller's. A report id that was seen before, ever, is a duplicate and changes nothing; so sending
/// a batch again is always safe. One faulty report refuses the batch, and the problem names its index.
#[utoipa::path(post, path = "/plays", request_body = Reports, responses((status = 200, body = Results)),
    params(("Idempotency-Key" = Option<String>, Header)))]
pub async fn report(
    State(db): State<Db>,
    Actor(user): Actor,
    write: Write<Reports>,
) -> Result<Response, Early> {
    let reports = &write.input.reports;
    check(reports)?;
    let mut tx = write.begin(&db, &user).await?;
    let mut results = Vec::with_capacity(reports.len());
    let mut tracks = BTreeSet::new();
    for report in reports {
        let play = Play {
            user_id: &user,
            report_id: &report.report_id,
            track_id: &report.track_id,
            played_at: report.played_at,
            ms_played: report.ms_played,
        };
        let status = if count(&mut tx, &play).await? { Status::Accepted } else { Status::Duplicate };
        if status == Status::Accepted {
            tracks.insert(report.track_id.as_str());
        }
        results.push(ReportResult { report_id: report.report_id.clone(), status });
    }
    // One event per track: who watches it reads the new count, whatever it is.
    for track_id in tracks {
        tx.publish(track_id, "play", &json!({ "track_id": track_id })).await?;
    }
    let outcome = Outcome::ok(&Results { results })?;
    tx.commit(outcome).await
}

fn check(reports: &[Report]) -> Result<(), Problem> {
    if !(1..=MOST_REPORTS).contains(&reports.len()) {
        return Err(Problem::invalid(
            "reports",
            format!("must list 1 to {MOST_REPORTS} reports; send more in parts"),
        ));
    }
    let latest = Time::now().as_ms() + CLOCK_SKEW_MS;
    let mut errors = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        let mut fault = |field: &str, detail: &str| {
            errors.push(FieldError::new(format!("reports[{index}].{field}"), detail));
        };
        if !is_report_id(&report.report_id) {
            fault("report_id", "must be 1 to 128 visible ASCII characters");
        }
        if !is_id(&report.track_id) {
            fault("track_id", "is not an id (1 to 64 of A-Z a-z 0-9 _ -)");
        }
        if !(0..=latest).contains(&report.played_at.as_ms()) {
            fault("played_at", "must be between 1970 and a day from now");
        }
        if !(0..=LONGEST_PLAY_MS).contains(&report.ms_played) {
            fault("ms_played", "must be between 0 and 86,400,000");
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors)) }
}

pub fn is_report_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// One play on its way into the tables.
pub struct Play<'a> {
    pub user_id: &'a str,
    pub report_id: &'a str,
    pub track_id: &'a str,
    /// After 1970.
    pub played_at: Time,
    pub ms_played: i64,
}

/// Keeps a play unless it was kept before; true when it was new.
pub async fn keep(tx: &mut SqliteConnection, play: &Play<'_>) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO plays (user_id, report_id, track_id, played_at, ms_played) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(play.user_id)
    .bind(play.report_id)
    .bind(play.track_id)
    .bind(play.played_at)
    .bind(play.ms_played)
    .execute(tx)
    .await?
    .rows_affected();
    Ok(inserted == 1)
}

/// Keeps a play and counts it everywhere it counts, unless it was counted before; true when it was new.
async fn count(tx: &mut SqliteConnection, play: &Play<'_>) -> Result<bool, sqlx::Error> {
    if !keep(tx, play).await? {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO play_counts (track_id, counted) VALUES (?, 1)
         ON CONFLICT (track_id) DO UPDATE SET counted = counted + 1",
    )
    .bind(play.track_id)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO plays_per_day (day, track_id, plays) VALUES (? / 86400000, ?, 1)
         ON CONFLICT (day, track_id) DO UPDATE SET plays = plays + 1",
    )
    .bind(play.played_at)
    .bind(play.track_id)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO recent_plays (user_id, track_id, played_at, ms_played) VALUES (?, ?, ?, ?)
         ON CONFLICT (user_id, track_id) DO UPDATE SET played_at = excluded.played_at, ms_played = excluded.ms_played
         WHERE excluded.played_at > played_at",
    )
    .bind(play.user_id)
    .bind(play.track_id)
    .bind(play.played_at)
    .bind(play.ms_played)
    .execute(&mut *tx)
    .await?;
    Ok(true)
}

/// Counts everything anew from the plays themselves.
pub async fn recount(tx: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "UPDATE play_counts SET counted = 0 WHERE counted > 0;
         INSERT INTO play_counts (track_id, counted) SELECT track_id, count(*) FROM plays WHERE true GROUP BY track_id
             ON CONFLICT (track_id) DO UPDATE SET counted = excluded.counted;
         DELETE FROM plays_per_day;
         INSERT INTO plays_per_day (day, track_id, plays)
             SELECT played_at / 86400000, track_id, count(*) FROM plays GROUP BY 1, 2;
         DELETE FROM recent_plays;
         -- Beside max(), SQLite takes the other columns from the row that has it.
         INSERT INTO recent_plays (user_id, track_id, played_at, ms_played)
             SELECT user_id, track_id, max(played_at), ms_played FROM plays GROUP BY user_id, track_id;",
    )
    .execute(tx)
    .await?;
    Ok(())
}
