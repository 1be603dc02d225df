//! `[tls]`: towards those whom we ask by `https`: upstreams, the provider, whoever publishes keys or knows them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Whose certificates are trusted besides the system's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsSettings {
    /// Certificates of a company's own authorities, in PEM.
    pub ca_file: Option<PathBuf>,
}
