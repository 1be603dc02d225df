//! Where things are on the site: the canonical path of each, and what a path in the address bar means.

use bff::fanout::UrlBuilder;

/// A kind of page that shows one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Artist,
    Album,
    Track,
    Playlist,
    User,
    Genre,
}

const KINDS: [(&str, Kind); 6] = [
    ("artists", Kind::Artist),
    ("albums", Kind::Album),
    ("tracks", Kind::Track),
    ("playlists", Kind::Playlist),
    ("users", Kind::User),
    ("genres", Kind::Genre),
];

/// What a path leads to.
#[derive(PartialEq, Eq, Debug)]
pub enum Place {
    Home,
    Thing(Kind, String),
}

impl Kind {
    /// `/albums/al-1/homogenic`: the id finds it, the name is for those who read the address. People and genres go by
    /// their id alone: names of people change, and a genre's id is its name.
    pub fn path(self, id: &str, name: &str) -> String {
        let folder = KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(folder, _)| folder);
        let mut path = String::new();
        let mut url = UrlBuilder::new(&mut path);
        url.text("/");
        url.text(folder);
        url.text("/");
        url.segment(&id.to_owned());
        let slug = slug(name);
        if !slug.is_empty() && !matches!(self, Kind::User | Kind::Genre) {
            url.text("/");
            url.segment(&slug);
        }
        path
    }
}

/// Reads a path, with or without the name at its end, a query and a fragment; None if no page can be there.
pub fn read(path: &str) -> Option<Place> {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let path = path.get(..end)?.strip_prefix('/')?.trim_end_matches('/');
    if path.is_empty() {
        return Some(Place::Home);
    }
    let mut steps = path.split('/');
    let folder = steps.next()?;
    let id = steps.next()?;
    let _name = steps.next();
    let (_, kind) = KINDS.iter().find(|(known, _)| *known == folder)?;
    let is_id = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (is_id && steps.next().is_none()).then(|| Place::Thing(*kind, id.to_owned()))
}

/// The longest name in an address, in characters.
const LONGEST: usize = 60;

/// Lower case, letters and digits of any script, single hyphens between them.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if slug.chars().count() == LONGEST {
            break;
        }
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' && c != '’' {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_back_to_its_thing() {
        for (name, path) in [
            ("Homogenic", "/albums/al-1/homogenic"),
            ("Don't Stop (Live)", "/albums/al-1/dont-stop-live"),
            ("Jóga", "/albums/al-1/j%C3%B3ga"),
            ("…", "/albums/al-1"),
        ] {
            assert_eq!(Kind::Album.path("al-1", name), path);
            assert_eq!(read(path), Some(Place::Thing(Kind::Album, "al-1".to_owned())), "{path}");
        }
        assert_eq!(Kind::Genre.path("dream-pop", "Dream Pop"), "/genres/dream-pop");
    }

    #[test]
    fn queries_and_final_slashes_do_not_matter_and_nonsense_is_nowhere() {
        let artist = Some(Place::Thing(Kind::Artist, "ar-1".to_owned()));
        for path in ["/artists/ar-1", "/artists/ar-1/", "/artists/ar-1/x?utm=1", "/artists/ar-1#bio"] {
            assert_eq!(read(path), artist, "{path}");
        }
        assert_eq!(read("/"), Some(Place::Home));
        assert_eq!(read("/?q=1"), Some(Place::Home));
        for path in ["", "artists/ar-1", "/artists", "/artists/a%2Fb", "/nowhere/ar-1", "/artists/ar-1/x/y"] {
            assert_eq!(read(path), None, "{path}");
        }
    }
}
