//! The demo world is the same every time, agrees with itself, and looks like one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

struct World(PathBuf);

impl World {
    fn of(name: &str, scale: u32) -> (Self, Summary) {
        let out = std::env::temp_dir().join(format!("bespoke-demo-{}-{name}", std::process::id()));
        let summary = run(&Args { out: out.clone(), scale, users: 20 }).unwrap();
        (Self(out), summary)
    }

    fn lines(&self, file: &str) -> Vec<Value> {
        fs::read_to_string(self.0.join(file))
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn ids(&self, file: &str) -> BTreeSet<String> {
        let lines = self.lines(file);
        let ids: BTreeSet<String> = lines.iter().map(|line| text(line, "id")).collect();
        assert_eq!(ids.len(), lines.len(), "an id of {file} is used twice");
        ids
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, files);
                } else {
                    files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        walk(&self.0, &self.0, &mut files);
        files
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(line: &Value, field: &str) -> String {
    line[field].as_str().unwrap_or_else(|| panic!("{field} in {line}")).to_owned()
}

#[test]
fn the_same_arguments_write_the_same_bytes() {
    let (first, one) = World::of("first", 600);
    let (second, two) = World::of("second", 600);
    assert_eq!(one, two);
    let files = first.files();
    assert!(files == second.files());
    let names: Vec<_> = files.keys().map(|path| path.display().to_string()).collect();
    assert_eq!(
        names,
        [
            "activity/1-totals.jsonl",
            "activity/2-plays.jsonl",
            "activity/3-comments.jsonl",
            "catalog/1-genres.jsonl",
            "catalog/2-artists.jsonl",
            "catalog/3-albums.jsonl",
            "catalog/4-tracks.jsonl",
            "identity/1-users.jsonl",
            "identity/2-partners.jsonl",
            "library/1-playlists.jsonl",
            "library/2-likes.jsonl",
            "library/3-follows.jsonl",
        ]
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let (world, summary) = World::of("references", 800);
    let genres = world.ids("catalog/1-genres.jsonl");
    let artists = world.ids("catalog/2-artists.jsonl");
    let albums = world.ids("catalog/3-albums.jsonl");
    let tracks = world.ids("catalog/4-tracks.jsonl");
    let users = world.ids("identity/1-users.jsonl");
    world.ids("library/1-playlists.jsonl");
    assert_eq!(
        (artists.len(), albums.len(), tracks.len()),
        (summary.artists as usize, summary.albums as usize, summary.tracks as usize)
    );

    let lead = |file: &str, field: &str, to: &BTreeSet<String>| {
        for line in world.lines(file) {
            assert!(to.contains(&text(&line, field)), "{field} of {file} leads nowhere: {line}");
        }
    };
    lead("catalog/3-albums.jsonl", "artist_id", &artists);
    lead("catalog/4-tracks.jsonl", "artist_id", &artists);
    lead("catalog/4-tracks.jsonl", "album_id", &albums);
    lead("library/1-playlists.jsonl", "owner_id", &users);
    lead("library/2-likes.jsonl", "track_id", &tracks);
    lead("library/2-likes.jsonl", "user_id", &users);
    lead("library/3-follows.jsonl", "artist_id", &artists);
    lead("activity/1-totals.jsonl", "track_id", &tracks);
    lead("activity/2-plays.jsonl", "track_id", &tracks);
    lead("activity/2-plays.jsonl", "user_id", &users);
    lead("activity/3-comments.jsonl", "track_id", &tracks);
    lead("activity/3-comments.jsonl", "user_id", &users);
    for line in world.lines("catalog/2-artists.jsonl") {
        for genre in line["genre_ids"].as_array().unwrap() {
            assert!(genres.contains(genre.as_str().unwrap()));
        }
    }
    for playlist in world.lines("library/1-playlists.jsonl") {
        for entry in playlist["entries"].as_array().unwrap() {
            assert!(tracks.contains(&text(entry, "track_id")));
        }
    }
}

#[test]
fn the_default_size_is_what_the_help_says_and_has_several_scripts_and_a_long_tail() {
    let (world, summary) = World::of("default", 10_000);
    assert!((270..=360).contains(&summary.artists), "{summary}");
    assert!((900..=1_150).contains(&summary.albums), "{summary}");
    assert!((10_000..=10_100).contains(&summary.tracks), "{summary}");

    let names: String =
        world.lines("catalog/2-artists.jsonl").iter().map(|line| text(line, "name")).collect();
    for (script, letters) in [
        ("Latin-1", 'à'..='ÿ'),
        ("Latin Extended", 'ā'..='ž'),
        ("Cyrillic", 'А'..='я'),
        ("kana", 'あ'..='ン'),
        ("kanji", '一'..='龯'),
    ] {
        assert!(names.chars().any(|letter| letters.contains(&letter)), "no {script} in any artist's name");
    }
    let plays: Vec<u64> =
        world.lines("activity/1-totals.jsonl").iter().map(|line| line["plays"].as_u64().unwrap()).collect();
    let mut sorted = plays.clone();
    sorted.sort_unstable();
    assert!(sorted[sorted.len() - 1] > 1_000_000);
    assert!(sorted[sorted.len() / 2] * 20 < sorted[sorted.len() - 1], "popularity has no tail");
    let fresh = world
        .lines("catalog/3-albums.jsonl")
        .iter()
        .filter(|line| text(line, "released_on").as_str() >= "2026-09-01")
        .count();
    assert!(fresh > 10, "only {fresh} new releases");
}

#[test]
fn codes_are_unique_and_shaped_as_their_standards_say() {
    let (world, _) = World::of("codes", 1_000);
    let mut isrcs = BTreeSet::new();
    for track in world.lines("catalog/4-tracks.jsonl") {
        let isrc = text(&track, "isrc");
        assert_eq!(isrc.len(), 12, "{isrc}");
        assert!(isrc.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{isrc}");
        assert!(isrcs.insert(isrc));
    }
    for album in world.lines("catalog/3-albums.jsonl") {
        let upc = text(&album, "upc");
        let sum: u32 = upc
            .bytes()
            .enumerate()
            .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 3 } else { 1 })
            .sum();
        assert!(upc.len() == 12 && sum.is_multiple_of(10), "{upc}");
        assert!(text(&album, "released_on").as_str() <= "2026-10-01");
    }
}

#[test]
fn days_and_instants_are_spelled_as_rfc_3339() {
    assert_eq!(EPOCH.to_string(), "2026-10-01");
    assert_eq!(EPOCH.days_before(1).to_string(), "2026-09-30");
    assert_eq!(Date::of(1970, 1, 1).to_string(), "1970-01-01");
    assert_eq!(Date::of(2024, 3, 1).days_before(1).to_string(), "2024-02-29");
    assert_eq!(EPOCH.seconds_before(1).to_string(), "2026-09-30T23:59:59Z");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let file = std::env::temp_dir().join(format!("bespoke-demo-{}-file", std::process::id()));
    fs::write(&file, "").unwrap();
    let error = run(&Args { out: file.clone(), scale: 100, users: 8 }).unwrap_err();
    fs::remove_file(&file).unwrap();
    assert!(error.to_string().contains("bespoke-demo-"), "{error}");
}
