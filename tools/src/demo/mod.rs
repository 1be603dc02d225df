//! `bff demo`: one deterministic demo world, written as the JSON Lines that every service's `import` reads.
//!
//! The world is a pure function of `--scale` and `--users`: a seeded ChaCha stream, integer arithmetic only (a
//! `powf` may differ between platforms), and no clock: "today" is [`EPOCH`]. Everything streams to disk; what is
//! kept in memory is one number per artist, so a million tracks need megabytes.
//!
//! ```text
//! DIR/catalog/1-genres.jsonl    {"type":"genre", "id", "name", "parent_id"}
//! DIR/catalog/2-artists.jsonl   {"type":"artist", "id", "name", "sort_name", "country", "formed_year", "bio", …}
//! DIR/catalog/3-albums.jsonl    {"type":"album", "id", "artist_id", "title", "kind", "released_on", "upc", …}
//! DIR/catalog/4-tracks.jsonl    {"type":"track", "id", "album_id", "artist_id", "title", "disc", "position", …}
//! DIR/identity/1-users.jsonl    {"type":"user", …}          DIR/identity/2-partners.jsonl   {"type":"partner", …}
//! DIR/library/1-playlists.jsonl {"type":"playlist", …, "entries": […]}
//! DIR/library/2-likes.jsonl     {"type":"like", …}          DIR/library/3-follows.jsonl     {"type":"follow", …}
//! DIR/activity/1-totals.jsonl   {"type":"play_total", …}    DIR/activity/2-plays.jsonl      {"type":"play", …}
//! DIR/activity/3-comments.jsonl {"type":"comment", …}
//! ```
//!
//! Files are numbered in the order in which they must be imported, which is also the order of their names.

mod activity;
mod catalog;
mod chance;
mod date;
mod identity;
mod library;
mod lines;
mod words;

use std::io;
use std::path::PathBuf;

use catalog::Catalogue;
use date::Date;

/// The day on which the demo world stands still; nothing in it is later.
const EPOCH: Date = Date::of(2026, 10, 1);

/// What `bff demo` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the files go: one folder per service. Existing demo files are replaced.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// How many tracks, about. Artists are about 3 %, albums 10 % of it.
    #[arg(long, value_name = "TRACKS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub scale: u32,

    /// How many users. The first few are the personas that examples and tests speak of.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(8..=100_000))]
    pub users: u32,
}

/// What was written, for a last line on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub artists: u32,
    pub albums: u32,
    pub tracks: u32,
    pub users: u32,
    pub playlists: u32,
    pub plays: u64,
    pub comments: u32,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { artists, albums, tracks, users, playlists, plays, comments } = self;
        write!(
            f,
            "{artists} artists, {albums} albums, {tracks} tracks; {users} users, {playlists} playlists, {plays} plays, \
             {comments} comments"
        )
    }
}

/// Writes the whole world below `args.out`. The same arguments always write the same bytes.
pub fn run(args: &Args) -> io::Result<Summary> {
    let catalogue = Catalogue::write(&args.out.join("catalog"), args.scale)?;
    let users = identity::write(&args.out.join("identity"), args.users)?;
    let playlists = library::write(&args.out.join("library"), &catalogue, users)?;
    let (plays, comments) = activity::write(&args.out.join("activity"), &catalogue, users)?;
    Ok(Summary {
        artists: catalogue.artists(),
        albums: catalogue.albums,
        tracks: catalogue.tracks(),
        users,
        playlists,
        plays,
        comments,
    })
}

#[cfg(test)]
mod tests;
