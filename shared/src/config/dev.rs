//! `[dev]`: what makes exploring easy, and has no place where anybody depends on it.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Profile, urls};

/// For the development profile alone: with any of it, a server in production does not start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DevSettings {
    /// Who one can be in GraphiQL.
    pub personas: Vec<Persona>,
}

/// Somebody to be, without pasting a credential. Neither `url` nor `login`: nobody in particular.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Persona {
    pub label: String,
    /// Where the credential comes from: a JSON object.
    #[serde(with = "urls::maybe")]
    pub url: Option<Url>,
    /// The header that carries it. `{name}` stands for that member of the object.
    pub header: String,
    /// A page of this server to sign in at instead.
    pub login: Option<String>,
}

impl Default for Persona {
    fn default() -> Self {
        let header = "Authorization: Bearer {access_token}".to_owned();
        Self { label: String::new(), url: None, header, login: None }
    }
}

impl DevSettings {
    /// What is wrong with it in this profile, and the way out.
    pub(crate) fn problems(&self, profile: Profile) -> Vec<String> {
        if profile == Profile::Production && *self != Self::default() {
            return vec![
                "`dev.personas` lets whoever comes be whom they like, and this is the production profile: leave `[dev]` out, or \
                 start with `--profile development`"
                    .to_owned(),
            ];
        }
        let mut problems = Vec::new();
        for persona in &self.personas {
            let label = &persona.label;
            if label.is_empty() {
                problems.push("`dev.personas`: one has no `label`; say how it is to be called".to_owned());
            }
            if persona.header.split_once(": ").is_none() {
                problems
                    .push(format!("`dev.personas`: the `header` of `{label}` is none; write `Name: value`"));
            }
            if persona.login.as_ref().is_some_and(|login| !login.starts_with('/') || login.starts_with("//"))
            {
                problems.push(format!(
                    "`dev.personas`: the `login` of `{label}` is no path of this server; begin it with `/`"
                ));
            }
        }
        problems
    }
}
