//! Artists, albums, tracks and genres, in order of the artists' popularity: `ar-1` is the best known.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::EPOCH;
use super::chance::Chance;
use super::date::Date;
use super::lines::Lines;
use super::words::{GENRES, LABELS, LANGUAGES, Language};

/// What the other services' files need to know of the catalogue: how many, and whose tracks are which.
pub struct Catalogue {
    /// The number of the first track of each artist, and at the end the number after the last track.
    first_tracks: Vec<u32>,
    pub albums: u32,
}

impl Catalogue {
    pub fn artists(&self) -> u32 {
        self.first_tracks.len() as u32 - 1
    }

    pub fn tracks(&self) -> u32 {
        self.first_tracks[self.first_tracks.len() - 1] - 1
    }

    /// A track's number; well-known tracks of well-known artists come up most.
    pub fn popular_track(&self, chance: &mut Chance) -> u32 {
        let artist = chance.zipf(self.artists()) as usize;
        let (first, end) = (self.first_tracks[artist], self.first_tracks[artist + 1]);
        first + track_at(artist as u32, chance.zipf(end - first), end - first)
    }

    /// Every track's number with how often it was ever played, before the plays that `activity` lists one by one.
    pub fn plays(&self) -> impl Iterator<Item = (u32, u64)> {
        self.first_tracks.windows(2).zip(0..).flat_map(|(bounds, artist)| {
            let reach = 60_000_000 / (u64::from(artist) + 12);
            (bounds[0]..)
                .zip(ranks(artist, bounds[1] - bounds[0]))
                .map(move |(track, rank)| (track, reach / (u64::from(rank) + 2) + u64::from(track % 97)))
        })
    }

    pub fn write(folder: &Path, scale: u32) -> io::Result<Self> {
        let mut genres = Lines::create(folder, "1-genres.jsonl")?;
        for (id, name, parent) in GENRES {
            genres.write(json!({"type": "genre", "id": id, "name": name, "parent_id": parent}))?;
        }
        genres.finish()?;

        let mut writer = Writer {
            artists: Lines::create(folder, "2-artists.jsonl")?,
            albums: Lines::create(folder, "3-albums.jsonl")?,
            tracks: Lines::create(folder, "4-tracks.jsonl")?.telling(),
            chance: Chance::of("catalog"),
            album: 0,
            track: 0,
        };
        let mut first_tracks = vec![1];
        while writer.track < scale {
            writer.artist(first_tracks.len() as u32 - 1)?;
            first_tracks.push(writer.track + 1);
        }
        let albums = writer.album;
        writer.artists.finish()?;
        writer.albums.finish()?;
        writer.tracks.finish()?;
        Ok(Self { first_tracks, albums })
    }
}

/// The place among an artist's `count` tracks of the one that is `rank`th in popularity: a walk with a prime step, so
/// that hits are spread over albums.
fn track_at(artist: u32, rank: u32, count: u32) -> u32 {
    ((u64::from(rank) * 7_919 + u64::from(artist) * 31) % u64::from(count)) as u32
}

/// The rank of each of an artist's tracks, in the order of the tracks.
fn ranks(artist: u32, count: u32) -> Vec<u32> {
    let mut ranks = vec![0; count as usize];
    for rank in 0..count {
        ranks[track_at(artist, rank, count) as usize] = rank;
    }
    ranks
}

struct Writer {
    artists: Lines,
    albums: Lines,
    tracks: Lines,
    chance: Chance,
    album: u32,
    track: u32,
}

/// What an album and its tracks inherit from their artist.
struct Artist {
    id: String,
    index: u32,
    language: &'static Language,
    country: &'static str,
    genres: Vec<&'static str>,
    formed: u32,
}

/// Where a track stands.
struct Place<'a> {
    album_id: &'a str,
    disc: u32,
    position: u32,
    released_on: Date,
}

impl Writer {
    fn artist(&mut self, index: u32) -> io::Result<()> {
        let language = self.language();
        let chance = &mut self.chance;
        let (country, city) = *chance.pick(language.places);
        let solo = chance.percent(55);
        let (name, sort_name) = if solo { person(chance, language) } else { band(chance, language, index) };
        let (genre, genre_name, parent) = GENRES[chance.below(GENRES.len() as u32) as usize];
        let mut genres = vec![genre];
        genres.extend(parent.filter(|_| chance.percent(60)));
        let second = GENRES[chance.below(GENRES.len() as u32) as usize].0;
        if chance.percent(40) && !genres.contains(&second) {
            genres.push(second);
        }
        let artist = Artist {
            id: format!("ar-{}", index + 1),
            index,
            language,
            country,
            genres,
            formed: chance.within(1974, 2023),
        };
        // Known to a hundred million people at the top and to a few hundred at the far end.
        let listeners = 90_000_000 / (u64::from(index) + 9) + u64::from(chance.below(200));
        let act = if solo { "singer and composer" } else { "band" };
        let line = json!({
            "type": "artist", "id": artist.id, "name": name, "sort_name": sort_name, "country": country,
            "formed_year": artist.formed,
            "bio": format!("{name}: {act} from {city}, somewhere around {genre_name}. Making records since {}.", artist.formed),
            "genre_ids": artist.genres, "popularity": popularity(index), "monthly_listeners": listeners,
            "updated_at": EPOCH.seconds_before(chance.below(30 * 86_400)).to_string(),
        });
        self.artists.write(line)?;

        // The best known have made more; the newest of what they made is fresh on the demo's day.
        let count = if index < 10 { 5 } else { 1 } + self.chance.below(5);
        let shapes: Vec<(&str, u32)> = (0..count).map(|_| shape(&mut self.chance)).collect();
        let mut ranks = ranks(index, shapes.iter().map(|(_, tracks)| tracks).sum()).into_iter();
        for (nth, (kind, tracks)) in (0..).zip(shapes) {
            let ranks: Vec<u32> = ranks.by_ref().take(tracks as usize).collect();
            let released_on = released(&mut self.chance, &artist, nth, count);
            self.one_album(&artist, kind, released_on, &ranks)?;
        }
        Ok(())
    }

    fn one_album(&mut self, artist: &Artist, kind: &str, released_on: Date, ranks: &[u32]) -> io::Result<()> {
        self.album += 1;
        let chance = &mut self.chance;
        let track_count = ranks.len() as u32;
        let id = format!("al-{}", self.album);
        let title = title(chance, artist.language);
        let line = json!({
            "type": "album", "id": id, "artist_id": artist.id, "title": title, "kind": kind,
            "released_on": released_on.to_string(), "upc": upc(self.album), "label": chance.pick(LABELS),
            "genre_ids": &artist.genres[..artist.genres.len().min(2)],
            "popularity": popularity(artist.index).saturating_sub(chance.below(40_000)).max(1),
            "updated_at": EPOCH.seconds_before(chance.below(30 * 86_400)).to_string(),
        });
        self.albums.write(line)?;

        let discs = if track_count >= 14 && chance.percent(30) { 2 } else { 1 };
        let per_disc = track_count.div_ceil(discs);
        for (track, rank) in (0..).zip(ranks) {
            // The first track of a record carries its title often enough.
            let named = (track == 0 && self.chance.percent(40)).then(|| title.clone());
            let place = Place {
                album_id: &id,
                disc: track / per_disc + 1,
                position: track % per_disc + 1,
                released_on,
            };
            self.one_track(artist, &place, named, *rank)?;
        }
        Ok(())
    }

    fn one_track(
        &mut self,
        artist: &Artist,
        place: &Place<'_>,
        named: Option<String>,
        rank: u32,
    ) -> io::Result<()> {
        self.track += 1;
        let chance = &mut self.chance;
        let mut title = named.unwrap_or_else(|| self::title(chance, artist.language));
        match chance.below(40) {
            0 => title.push_str(" (Live)"),
            1 => title.push_str(" (Acoustic)"),
            2 => title.push_str(" (Remix)"),
            _ => {}
        }
        let popularity = (u64::from(popularity(artist.index)) * 6 / (u64::from(rank) + 6)).max(1);
        // A little more or less than before, so that charts have movers.
        let previous = popularity * u64::from(chance.within(90, 110)) / 100;
        let line = json!({
            "type": "track", "id": format!("tr-{}", self.track), "album_id": place.album_id, "artist_id": artist.id,
            "title": title, "disc": place.disc, "position": place.position, "duration_ms": chance.within(95_000, 412_000),
            "isrc": isrc(artist.country, place.released_on.year(), self.track), "explicit": chance.percent(6),
            "popularity": popularity, "previous_popularity": previous.clamp(1, 1_000_000),
            "updated_at": EPOCH.seconds_before(chance.below(30 * 86_400)).to_string(),
        });
        self.tracks.write(line)
    }

    fn language(&mut self) -> &'static Language {
        let mut draw = self.chance.below(LANGUAGES.iter().map(|language| language.share).sum());
        for language in LANGUAGES {
            match draw.checked_sub(language.share) {
                Some(rest) => draw = rest,
                None => return language,
            }
        }
        &LANGUAGES[0]
    }
}

/// From a million downwards with the long tail of 1/rank.
fn popularity(rank: u32) -> u32 {
    (12_000_000 / (u64::from(rank) + 12)) as u32
}

/// What kind of record, with how many tracks.
fn shape(chance: &mut Chance) -> (&'static str, u32) {
    match chance.below(100) {
        0..74 => ("album", chance.within(8, 16)),
        74..87 => ("ep", chance.within(4, 6)),
        _ => ("single", chance.within(1, 2)),
    }
}

/// Records spread over a career; every third artist has one of the last three months.
fn released(chance: &mut Chance, artist: &Artist, nth: u32, count: u32) -> Date {
    if nth + 1 == count && artist.index.is_multiple_of(3) {
        return EPOCH.days_before(chance.below(90));
    }
    let career = (2026 - artist.formed) * 365;
    let span = (career / (count + 1)).max(1);
    EPOCH.days_before(career - span * nth - chance.below(span))
}

/// "Ada Ashdown" and "Ashdown, Ada".
pub fn person(chance: &mut Chance, language: &Language) -> (String, String) {
    let people = chance.pick(language.people);
    let (given, family) = (chance.pick(people.given), chance.pick(people.family));
    if language.modifier_first {
        let name = format!("{given}{family}");
        (name.clone(), name)
    } else {
        (format!("{given} {family}"), format!("{family}, {given}"))
    }
}

fn band(chance: &mut Chance, language: &Language, index: u32) -> (String, String) {
    // The first hundred artists use the invented names; the many others sound like titles, as bands do.
    let name = if index < 100 || chance.percent(20) {
        chance.pick(language.bands).to_owned()
    } else {
        title(chance, language)
    };
    let sort_name = match name.strip_prefix("The ") {
        Some(rest) => format!("{rest}, The"),
        None => name.clone(),
    };
    (name, sort_name)
}

pub fn title(chance: &mut Chance, language: &Language) -> String {
    let (head, tail) = (chance.pick(language.heads), chance.pick(language.tails));
    match (chance.below(4), language.modifier_first) {
        (0, _) => head.to_owned(),
        (_, true) => format!("{tail}{head}"),
        (_, false) => format!("{head} {tail}"),
    }
}

/// ISO 3901: country, a registrant of three, two digits of year, five of designation; unique by the track's number.
fn isrc(country: &str, year: i64, track: u32) -> String {
    let registrant = track / 100_000;
    format!("{country}B{registrant:02}{:02}{:05}", year % 100, track % 100_000)
}

/// UPC-A: eleven digits and their check digit.
fn upc(album: u32) -> String {
    let body = format!("8{album:010}");
    let sum: u32 = body
        .bytes()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// For users and comments, who are as many-tongued as the artists.
pub fn language_of(number: u32) -> &'static Language {
    &LANGUAGES[number as usize % LANGUAGES.len()]
}

pub fn track_id(number: u32) -> Value {
    Value::String(format!("tr-{number}"))
}
