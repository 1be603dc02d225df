//! The schema as versions of an application see it that are older than some of it: which fields are not there yet, and which
//! names of enums' values stand in the place of newer ones. Plans are compiled for a view, so whoever sees all pays nothing.

use super::{Bubble, Cx, Gathering, Node, Out, Path, write::Written};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What versions below one see.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// By object type and field: the JSON text that stands there.
    pub hidden: FxHashMap<String, FxHashMap<String, Bytes>>,
    /// By enum.
    pub renamed: FxHashMap<String, Arc<Renaming>>,
}

impl View {
    /// What stands in the place of a field that is not there yet.
    pub fn hidden(&self, object: &str, field: &str) -> Option<&Bytes> {
        self.hidden.get(object)?.get(field)
    }

    /// What is done to values of a type such as `[Colour!]!`, if anything is.
    pub fn renaming(&self, ty: &str) -> Option<&Arc<Renaming>> {
        self.renamed.get(named(ty))
    }
}

/// The type that is in lists and may be null: `Colour` of `[Colour!]!`.
pub(crate) fn named(ty: &str) -> &str {
    ty.trim_matches(['[', ']', '!'])
}

/// By the name of an enum's value, the one that stands in its place.
#[derive(Debug, Default)]
pub(crate) struct Renaming(pub FxHashMap<String, String>);

impl Renaming {
    /// The name to tell.
    pub fn of<'n>(&'n self, name: &'n str) -> &'n str {
        self.0.get(name).map_or(name, String::as_str)
    }

    /// Renames in a text from `start` on: a value or lists of them, as JSON.
    pub fn rename(&self, text: &mut Vec<u8>, start: usize) {
        let there = |name: &str| text[start..].windows(name.len()).any(|here| here == name.as_bytes());
        if !self.0.keys().any(|name| there(name)) {
            return;
        }
        // Names have nothing that JSON escapes: what is between quotation marks is one.
        let old = text.split_off(start);
        for (at, piece) in old.split(|byte| *byte == b'"').enumerate() {
            if at > 0 {
                text.push(b'"');
            }
            let name = if at % 2 == 1 { std::str::from_utf8(piece).ok() } else { None };
            text.extend_from_slice(name.map_or(piece, |name| self.of(name).as_bytes()));
        }
    }
}

/// A gathered leaf whose values are renamed.
pub(super) struct Renamed<R> {
    pub node: Box<dyn Node<R>>,
    pub renaming: Arc<Renaming>,
}

impl<R> Node<R> for Renamed<R> {
    fn gather<'p>(&'p self, rows: &[&'p R], cx: &'p Cx<'p>) -> Gathering<'p, Box<dyn Written + 'p>> {
        let renaming = &*self.renaming;
        self.node
            .gather(rows, cx)
            .map(move |inner| Box::new(Renames { inner, renaming }) as Box<dyn Written + 'p>)
    }
}

struct Renames<'p> {
    inner: Box<dyn Written + 'p>,
    renaming: &'p Renaming,
}

impl Written for Renames<'_> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let start = out.buf.len();
        self.inner.write(i, out, path)?;
        self.renaming.rename(&mut out.buf, start);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_renamed_where_they_are_whole() {
        let names = [("RED", "OTHER"), ("TEA", "RED_TEA")];
        let renaming =
            Renaming(names.map(|(from, to)| (from.to_owned(), to.to_owned())).into_iter().collect());
        for (before, after) in [
            ("\"RED\"", "\"OTHER\""),
            ("[\"TEA\",null,\"REDDISH\",\"RED\"]", "[\"RED_TEA\",null,\"REDDISH\",\"OTHER\"]"),
            ("[[\"RED\"],[]]", "[[\"OTHER\"],[]]"),
            ("null", "null"),
            ("\"BLUE\"", "\"BLUE\""),
        ] {
            let mut text = format!("\"RED\",{before}").into_bytes();
            renaming.rename(&mut text, "\"RED\",".len());
            assert_eq!(String::from_utf8(text).unwrap(), format!("\"RED\",{after}"), "{before}");
        }
    }
}
