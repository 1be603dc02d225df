//! Which documents a BFF runs: those that its clients registered, those that they stored themselves, any.

use super::Profile;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is asked of a document that is none of the registered ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Nothing: any document runs, and none is registered.
    #[default]
    Off,
    /// It runs, and the log tells of it. Registered ones can be asked for by id.
    Log,
    /// It is refused.
    Enforce,
}

/// `[documents]`: which documents run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DocumentSettings {
    /// `off`, `log` or `enforce`.
    pub trusted: Trust,
    /// The same in the development profile, where people explore; `enforce` by itself would lock GraphiQL out.
    pub trusted_in_development: Trust,
    /// Where registered documents are: `.graphql` files, and `.json` manifests of Apollo, Relay or graphql-codegen. Not
    /// an absolute path: below the directory that the process is started in.
    pub folder: Option<PathBuf>,
    /// Milliseconds between two looks at the folder. What is added is served without a restart. 0: there is one look.
    pub reload_ms: u64,
    /// Bytes of documents that clients may store under their hash (automatic persisted queries). 0: none are.
    pub automatic_bytes: u64,
}

impl Default for DocumentSettings {
    fn default() -> Self {
        Self {
            trusted: Trust::Off,
            trusted_in_development: Trust::Off,
            folder: None,
            reload_ms: 1_000,
            automatic_bytes: 0,
        }
    }
}

impl DocumentSettings {
    /// What holds in this profile.
    pub fn trust(&self, profile: Profile) -> Trust {
        match profile {
            Profile::Production => self.trusted,
            Profile::Development => self.trusted_in_development,
        }
    }

    pub(super) fn check(&self, problems: &mut Vec<String>) {
        let trusting = [self.trusted, self.trusted_in_development];
        if self.folder.is_none() && trusting.iter().any(|trust| *trust != Trust::Off) {
            problems.push(
                "`documents.folder` is missing: say where the registered documents are, such as `schema/<service>/operations`, \
                 or set `documents.trusted` and `documents.trusted_in_development` to `off`"
                    .to_owned(),
            );
        }
        if self.automatic_bytes > 0 && trusting.contains(&Trust::Enforce) {
            problems.push(
                "`documents.automatic_bytes` lets clients store documents, of which `documents.trusted = \"enforce\"` runs none; \
                 leave one of them out"
                    .to_owned(),
            );
        }
    }
}
