//! `[clients.<name>]`: which versions of an application are still served, and until when.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use url::Url;

use super::urls;
use crate::graphql::clients::Version;

/// An application, by the name it says it has (`GraphQL-Client-Name`). Who says no name, or none of these, or a version
/// that is none, is served as ever, with all that the schema has. What is [`Since`](crate::Since) a version is kept from
/// older ones of each application that is named here; an empty section will do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientSettings {
    /// Versions below this one are refused: 426, `CLIENT_VERSION_UNSUPPORTED`. Such as `2.0` or `4.1.3`.
    pub min: Option<String>,
    /// Versions below this one are deprecated: answers say so.
    pub deprecated: Option<String>,
    /// The date (`2027-01-31`, as it begins in UTC) from which on deprecated versions are refused as well.
    pub sunset: Option<String>,
    /// Where people get a newer version.
    #[serde(with = "urls::maybe")]
    pub upgrade_url: Option<Url>,
}

impl ClientSettings {
    /// The date from which on deprecated versions are refused.
    pub(crate) fn sunset_date(&self) -> Option<Date> {
        self.sunset.as_deref().and_then(|date| date.parse().ok())
    }
}

pub(super) fn check(clients: &BTreeMap<String, ClientSettings>, problems: &mut Vec<String>) {
    for (name, client) in clients {
        let mut wrong = |key: &str, problem: &str| problems.push(format!("`clients.{name}.{key}` {problem}"));
        let versions = [("min", &client.min), ("deprecated", &client.deprecated)];
        for (key, version) in versions {
            if version.as_deref().is_some_and(|version| Version::read(version).is_none()) {
                wrong(key, "is no version; write numbers with dots, such as `4.1.3`");
            }
        }
        if client.sunset.is_some() && client.sunset_date().is_none() {
            wrong("sunset", "is no date; write it as `2027-01-31`");
        }
        if client.sunset.is_some() && client.deprecated.is_none() {
            wrong("sunset", "is the end of deprecated versions; say with `deprecated` which those are");
        }
        let [min, deprecated] = versions.map(|(_, version)| version.as_deref().and_then(Version::read));
        if deprecated.is_some() && min > deprecated {
            wrong(
                "min",
                "is above `deprecated`: no version would be deprecated; lower it, or leave `deprecated` out",
            );
        }
    }
}
