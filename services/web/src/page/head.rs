//! What stands in the head of each kind of page.

use super::{Breadcrumb, Page, PageThing};
use crate::{
    album::Album, artist::Artist, genre::Genre, image::Image, paths::Kind, playlist::Playlist, track::Track,
    user::User,
};

/// What the site is called.
const SITE: &str = "Bespoke";
/// Search engines show about so many characters.
const LONGEST_DESCRIPTION: usize = 160;

impl Page {
    pub(super) fn home() -> Self {
        Self {
            title: format!("{SITE}: music, and what people say about it"),
            description: "Artists, albums and playlists, with comments on the very moment they are about."
                .to_owned(),
            canonical_path: "/".to_owned(),
            indexable: true,
            image: None,
            breadcrumbs: vec![Breadcrumb::home()],
            thing: None,
        }
    }

    pub(super) fn of_artist(artist: &Artist) -> Self {
        let description = match artist.bio.as_deref() {
            Some(bio) if !bio.is_empty() => bio.to_owned(),
            _ => format!("{} on {SITE}: {}.", artist.name, counted(artist.album_count, "release")),
        };
        Self::showing(
            &artist.name,
            &description,
            vec![Breadcrumb::new(&artist.name, artist.path())],
            Image::of(&artist.id, artist.name.clone()),
            PageThing::Artist(artist.clone()),
        )
    }

    pub(super) fn of_album(album: &Album) -> Self {
        let year = album.released_on.0.split('-').next().unwrap_or_default();
        let kind = album.kind.noun();
        Self::showing(
            &format!("{} by {}", album.title, album.artist_name),
            &format!(
                "{}: {kind} by {}, {year}. {}, {}.",
                album.title,
                album.artist_name,
                counted(album.track_count, "track"),
                counted((album.duration_ms / 60_000).max(1), "minute"),
            ),
            vec![
                Breadcrumb::new(&album.artist_name, Kind::Artist.path(&album.artist_id, &album.artist_name)),
                Breadcrumb::new(&album.title, album.path()),
            ],
            album.cover(),
            PageThing::Album(album.clone()),
        )
    }

    pub(super) fn of_track(track: &Track) -> Self {
        let seconds = track.duration_ms / 1_000;
        Self::showing(
            &format!("{} by {}", track.title, track.artist_name),
            &format!(
                "{} by {}, from {} ({}:{:02}). Listen, and read what people say about its moments.",
                track.title,
                track.artist_name,
                track.album_title,
                seconds / 60,
                seconds % 60,
            ),
            vec![
                Breadcrumb::new(&track.artist_name, Kind::Artist.path(&track.artist_id, &track.artist_name)),
                Breadcrumb::new(&track.album_title, Kind::Album.path(&track.album_id, &track.album_title)),
                Breadcrumb::new(&track.title, track.path()),
            ],
            track.cover(),
            PageThing::Track(track.clone()),
        )
    }

    pub(super) fn of_playlist(playlist: &Playlist, owner: Option<&User>) -> Self {
        let by = owner.map(|owner| format!(" by {}", owner.display_name)).unwrap_or_default();
        let description = match playlist.description.as_str() {
            "" => {
                format!("{}: a playlist{by} with {}.", playlist.title, counted(playlist.track_count, "track"))
            }
            description => description.to_owned(),
        };
        let mut way: Vec<Breadcrumb> =
            owner.map(|owner| Breadcrumb::new(&owner.display_name, owner.path())).into_iter().collect();
        way.push(Breadcrumb::new(&playlist.title, playlist.path()));
        Self {
            indexable: playlist.public,
            ..Self::showing(
                &format!("{}{by}", playlist.title),
                &description,
                way,
                playlist.cover(),
                PageThing::Playlist(playlist.clone()),
            )
        }
    }

    pub(super) fn of_user(user: &User) -> Self {
        let description = match user.bio.as_deref() {
            Some(bio) if !bio.is_empty() => bio.to_owned(),
            _ => format!("{} listens, collects and comments on {SITE}.", user.display_name),
        };
        Self {
            indexable: user.public,
            ..Self::showing(
                &user.display_name,
                &description,
                vec![Breadcrumb::new(&user.display_name, user.path())],
                Image::of(&user.id, user.display_name.clone()),
                PageThing::User(user.clone()),
            )
        }
    }

    pub(super) fn of_genre(genre: &Genre, above: &[Genre]) -> Self {
        let way = above.iter().chain([genre]).map(|genre| Breadcrumb::new(&genre.name, genre.path()));
        Self::showing(
            &genre.name,
            &format!(
                "{}: {}, {} and {}.",
                genre.name,
                counted(genre.artist_count, "artist"),
                counted(genre.album_count, "album"),
                counted(genre.track_count, "track"),
            ),
            way.collect(),
            Image::of(&genre.id, genre.name.clone()),
            PageThing::Genre(genre.clone()),
        )
    }

    /// A page about a thing: the last step of the way is the page itself.
    fn showing(title: &str, description: &str, way: Vec<Breadcrumb>, image: Image, thing: PageThing) -> Self {
        Self {
            title: format!("{title} | {SITE}"),
            description: shortened(description),
            canonical_path: way.last().map(|page| page.path.clone()).unwrap_or_default(),
            indexable: true,
            image: Some(image),
            breadcrumbs: std::iter::once(Breadcrumb::home()).chain(way).collect(),
            thing: Some(thing),
        }
    }
}

impl Breadcrumb {
    fn home() -> Self {
        Self::new(SITE, "/".to_owned())
    }

    fn new(title: &str, path: String) -> Self {
        Self { title: title.to_owned(), path }
    }
}

/// `1 track`, `2 tracks`.
fn counted(count: i64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// On one line, and no longer than a search engine shows: cut between words where there are any.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST_DESCRIPTION {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_DESCRIPTION - 1).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{whole}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_fits_what_search_engines_show() {
        assert_eq!(shortened("  two\n lines "), "two lines");
        let long = shortened(&"word ".repeat(100));
        assert!(long.ends_with("word…") && long.chars().count() <= LONGEST_DESCRIPTION, "{long}");
        assert_eq!(shortened(&"音".repeat(500)).chars().count(), LONGEST_DESCRIPTION);
    }
}
