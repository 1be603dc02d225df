//! A configured value that prints itself as hidden wherever it is shown.

use std::{fmt, path::Path};

use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// A password, key or other credential; read it with [`Secret::expose`] where it is used and nowhere else. Its memory is
/// overwritten when it goes.
///
/// A key of this type is text, or a file's content, less the line break at its end:
///
/// ```toml
/// key = "…"                             # or NAME__SECTION__KEY=… in the environment
/// key = { file = "/run/secrets/key" }   # or NAME__SECTION__KEY__FILE=/run/secrets/key
/// ```
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn of_file(path: &str) -> Result<Self, String> {
        let wrong = |cause: &dyn fmt::Display| format!("the file `{path}` cannot be read: {cause}");
        let text = std::fs::read_to_string(Path::new(path)).map_err(|error| wrong(&error))?;
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        if secret.is_empty() { Err(wrong(&"there is nothing in it")) } else { Ok(Self::new(secret)) }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.expose().is_empty() { "" } else { "(hidden)" })
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads one. What is wrong with it is said without a word of it.
struct Written;

const HOW: &str = "is a secret: write it in quotation marks, or as { file = \"…\" }";

impl<'de> Visitor<'de> for Written {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HOW)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
        Err(E::custom(HOW))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom(HOW))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
        Err(E::custom(HOW))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom(HOW))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Err(A::Error::custom(HOW))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let mut file = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != "file" {
                return Err(A::Error::custom(format!("{HOW}; `{key}` is nothing that it knows")));
            }
            file = Some(map.next_value::<String>()?);
        }
        let file = file.ok_or_else(|| A::Error::custom(HOW))?;
        Secret::of_file(&file).map_err(A::Error::custom)
    }
}
