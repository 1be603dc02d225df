//! The registered documents by all that they may be asked for by: ids, the text, the text spelled in another way.

use super::{
    super::document::{Documents, Prepared},
    manifest::{self, Manifests, Problem, Registered},
    tokens,
};
use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::Arc,
};

/// Registered documents, all of which fit the schema.
#[derive(Default)]
pub struct List {
    ids: HashMap<String, Known>,
    texts: HashMap<Arc<str>, Arc<Prepared>>,
    spellings: HashMap<[u8; 32], Arc<Prepared>>,
}

struct Known {
    prepared: Arc<Prepared>,
    text: Arc<str>,
    file: String,
}

/// Whose share of the prepared documents is used: they are held here, too.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

impl List {
    /// What a folder has, and what is wrong with the rest. Documents that were known before keep their plans.
    pub fn read(folder: &Path, before: &Self, documents: &Documents) -> (Self, Vec<Problem>) {
        let Manifests { registered, mut problems } = manifest::read(folder);
        let mut list = Self::default();
        for registered in registered {
            let known = list.texts.get(&registered.text).or_else(|| before.texts.get(&registered.text));
            let prepared = known.cloned().map_or_else(|| documents.get(&registered.text, NOBODY), Ok);
            match prepared {
                Ok(prepared) => list.add(registered, prepared, &mut problems),
                Err(refusals) => problems.extend(refusals.iter().map(|refusal| {
                    let at = refusal.at.map(|(line, column)| format!("line {line}, column {column}"));
                    let place =
                        [registered.entry.clone(), at].into_iter().flatten().collect::<Vec<_>>().join(", ");
                    let reason = refusal.fault.message.to_string();
                    Problem::new(&registered.file, (!place.is_empty()).then_some(place), reason)
                })),
            }
        }
        (list, problems)
    }

    fn add(&mut self, registered: Registered, prepared: Arc<Prepared>, problems: &mut Vec<Problem>) {
        let Registered { text, ids, file, entry } = registered;
        for id in ids {
            match self.ids.entry(id) {
                Entry::Vacant(place) => {
                    let (prepared, text, file) = (prepared.clone(), text.clone(), file.clone());
                    place.insert(Known { prepared, text, file });
                }
                Entry::Occupied(known) if known.get().text == text => {}
                Entry::Occupied(known) => {
                    let reason =
                        format!("{} has the id {} for another document", known.get().file, known.key());
                    problems.push(Problem::new(&file, entry.clone(), reason));
                }
            }
        }
        if let Some(spelling) = tokens::fingerprint(&text) {
            self.spellings.insert(spelling, prepared.clone());
        }
        self.texts.insert(text, prepared);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// By an id, without the prefix `sha256:`.
    pub fn of_id(&self, id: &str) -> Option<&Arc<Prepared>> {
        self.ids.get(id).map(|known| &known.prepared)
    }

    /// By a text, spelled as it may be.
    pub fn of_text(&self, text: &str) -> Option<&Arc<Prepared>> {
        self.texts.get(text).or_else(|| self.spellings.get(&tokens::fingerprint(text)?))
    }
}
