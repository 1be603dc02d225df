//! What users do: play totals of every track, the last weeks' plays one by one, timed comments.

use std::io;
use std::path::Path;

use serde_json::json;

use super::EPOCH;
use super::catalog::{Catalogue, language_of, track_id};
use super::chance::Chance;
use super::identity::NEWCOMER;
use super::lines::Lines;

/// Writes all of it; answers with the number of plays and of comments.
pub fn write(folder: &Path, catalogue: &Catalogue, users: u32) -> io::Result<(u64, u32)> {
    let mut totals = Lines::create(folder, "1-totals.jsonl")?.telling();
    for (track, plays) in catalogue.plays() {
        totals.write(json!({"type": "play_total", "track_id": track_id(track), "plays": plays}))?;
    }
    totals.finish()?;
    Ok((plays(folder, catalogue, users)?, comments(folder, catalogue, users)?))
}

fn plays(folder: &Path, catalogue: &Catalogue, users: u32) -> io::Result<u64> {
    let mut chance = Chance::of("activity plays");
    let mut lines = Lines::create(folder, "2-plays.jsonl")?;
    for user in (1..=users).filter(|user| *user != NEWCOMER) {
        for nth in 0..chance.within(15, 80) {
            lines.write(json!({
                "type": "play", "report_id": format!("demo-{user}-{nth}"), "user_id": format!("us-{user}"),
                "track_id": track_id(catalogue.popular_track(&mut chance)),
                // More of late: the smaller of two draws.
                "played_at": EPOCH.seconds_before(chance.below(30 * 86_400).min(chance.below(30 * 86_400)) + 1).to_string(),
                "ms_played": chance.within(31_000, 240_000),
            }))?;
        }
    }
    lines.finish()
}

fn comments(folder: &Path, catalogue: &Catalogue, users: u32) -> io::Result<u32> {
    let mut chance = Chance::of("activity comments");
    let mut lines = Lines::create(folder, "3-comments.jsonl")?;
    let count = (catalogue.tracks() / 8).min(20_000);
    for number in 1..=count {
        let user = match chance.within(1, users) {
            NEWCOMER => 1,
            user => user,
        };
        let track = if number <= 5 { 1 } else { catalogue.popular_track(&mut chance) };
        lines.write(json!({
            "type": "comment", "id": format!("co-{number}"), "track_id": track_id(track), "user_id": format!("us-{user}"),
            "body": chance.pick(language_of(user).comments), "at_ms": chance.below(95_000),
            "created_at": EPOCH.seconds_before(chance.within(1, 39 * 86_400)).to_string(),
        }))?;
    }
    lines.finish()?;
    Ok(count)
}
