//! What users keep: playlists with their entries, likes, follows.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::EPOCH;
use super::catalog::{Catalogue, language_of, title, track_id};
use super::chance::Chance;
use super::identity::NEWCOMER;
use super::lines::Lines;

/// Writes all of it; answers with the number of playlists.
pub fn write(folder: &Path, catalogue: &Catalogue, users: u32) -> io::Result<u32> {
    let playlists = playlists(folder, catalogue, users)?;
    let mut chance = Chance::of("library kept");
    let mut likes = Lines::create(folder, "2-likes.jsonl")?;
    let mut follows = Lines::create(folder, "3-follows.jsonl")?;
    for user in (1..=users).filter(|user| *user != NEWCOMER) {
        let user_id = format!("us-{user}");
        let liked: BTreeSet<u32> =
            (0..chance.within(8, 60)).map(|_| catalogue.popular_track(&mut chance)).collect();
        for track in liked {
            let at = EPOCH.seconds_before(chance.within(1, 39 * 86_400));
            likes.write(json!({
                "type": "like", "user_id": user_id, "track_id": track_id(track), "liked_at": at.to_string(),
            }))?;
        }
        let mut followed: BTreeSet<u32> =
            (0..chance.within(3, 20)).map(|_| chance.zipf(catalogue.artists())).collect();
        if user == 1 {
            // The first persona follows artists with something new, so that the home screen has news.
            followed.extend([0, 3, 6]);
        }
        for artist in followed {
            let at = EPOCH.seconds_before(chance.within(1, 39 * 86_400));
            follows.write(json!({
                "type": "follow", "user_id": user_id, "artist_id": format!("ar-{}", artist + 1), "followed_at": at.to_string(),
            }))?;
        }
    }
    likes.finish()?;
    follows.finish()?;
    Ok(playlists)
}

fn playlists(folder: &Path, catalogue: &Catalogue, users: u32) -> io::Result<u32> {
    let mut chance = Chance::of("library playlists");
    let mut lines = Lines::create(folder, "1-playlists.jsonl")?;
    let mut number = 0;
    for user in (1..=users).filter(|user| *user != NEWCOMER) {
        let count = if user == 1 { 4 } else { chance.within(0, 4) };
        for nth in 0..count {
            number += 1;
            let created = chance.within(40 * 86_400, 300 * 86_400);
            let entries: Vec<Value> = (0..chance.within(3, 40))
                .map(|entry| {
                    json!({
                        "entry_id": format!("en-{number}-{}", entry + 1),
                        "track_id": track_id(catalogue.popular_track(&mut chance)),
                        "added_at": EPOCH.seconds_before(chance.within(3_600, 39 * 86_400)).to_string(),
                    })
                })
                .collect();
            let language = language_of(user);
            let description = if chance.percent(40) { chance.pick(language.comments) } else { "" };
            // The very first playlist is one that everybody may see.
            let public = (user == 1 && nth == 0) || chance.percent(60);
            lines.write(json!({
                "type": "playlist", "id": format!("pl-{number}"), "owner_id": format!("us-{user}"),
                "title": title(&mut chance, language), "description": description, "public": public,
                "created_at": EPOCH.seconds_before(created).to_string(),
                "updated_at": EPOCH.seconds_before(chance.within(1, 3_600)).to_string(), "entries": entries,
            }))?;
        }
    }
    lines.finish()?;
    Ok(number)
}
