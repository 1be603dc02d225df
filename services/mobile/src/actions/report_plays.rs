//! Plays that a phone has noted down, perhaps while it was offline.

use crate::{session::signed_in, track::PlayCountOf, upstreams::ACTIVITY};
use async_graphql::{Context, Enum, ID, InputObject, Object};
use bff::{
    ContextExt, Leaf, entity,
    fanout::{Bubble, Out, Path},
    graphql::Only,
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What the phone has noted down.
#[derive(InputObject, Serialize)]
pub struct ReportPlaysInput {
    /// Made up once for this batch, and the same each time it is sent again: 1 to 128 visible ASCII characters. Not
    /// to be used for a batch with other reports.
    #[serde(skip)]
    idempotency_key: String,
    /// 1 to 500 plays, in any order. Send more in parts.
    reports: Vec<PlayReport>,
}

/// One play.
#[derive(InputObject, Serialize)]
pub struct PlayReport {
    /// Made up once for this play: it counts once, in however many batches it is sent. 1 to 128 visible ASCII
    /// characters.
    report_id: ID,
    /// What was played.
    track_id: ID,
    /// When it began, as the phone's clock said: RFC 3339, such as `2026-03-01T18:30:00Z`.
    played_at: String,
    /// How much of it was heard, in milliseconds.
    ms_played: i32,
}

/// What became of the batch: every report named here may be crossed off the phone's list.
#[entity]
pub struct ReportPlaysPayload {
    /// One for each report, in their order.
    results: Vec<PlayReportResult>,
}

/// What became of one report.
#[entity]
pub struct PlayReportResult {
    /// Which one.
    report_id: ID,
    /// Whether it counted now, or had counted before.
    status: PlayReportStatus,
}

/// What became of a report.
#[derive(Enum, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub enum PlayReportStatus {
    /// It counts.
    Accepted,
    /// It had been counted already; nothing happened.
    Duplicate,
}

impl Leaf for PlayReportStatus {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let name = match self {
            Self::Accepted => "ACCEPTED",
            Self::Duplicate => "DUPLICATE",
        };
        name.put(out, path)
    }
}

#[derive(Default)]
pub struct ReportPlays;

#[Object]
impl ReportPlays {
    /// Reports plays, also old ones. A batch is taken as a whole: if one report is at fault, the error says which one,
    /// and none of them counts.
    #[graphql(guard = "Only(signed_in)")]
    async fn report_plays(
        &self,
        ctx: &Context<'_>,
        input: ReportPlaysInput,
    ) -> async_graphql::Result<Option<ReportPlaysPayload>> {
        let played: HashSet<ID> = input.reports.iter().map(|report| report.track_id.clone()).collect();
        let write = ctx
            .write(&ACTIVITY)?
            .post("/plays")
            .idempotency_key(&input.idempotency_key)
            .makes_stale_where(move |count: &PlayCountOf| played.contains(&count.0));
        Ok(Some(write.json(&input).send().await?.done()?))
    }
}
