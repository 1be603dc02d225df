//! URLs as they are written in configuration.

use url::Url;

/// Reads a base URL: http or https, with a host.
fn parse_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        // Before an `@` there may be a password.
        _ if text.contains('@') => {
            Err("this is not an http or https URL such as `http://127.0.0.1:7101`".to_owned())
        }
        _ => Err(format!("`{text}` is not an http or https URL such as `http://127.0.0.1:7101`")),
    }
}

/// A URL without a password in it.
fn presentable(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() && url.set_password(Some("hidden")).is_err() {
        return "(hidden)".to_owned();
    }
    url.to_string()
}

pub(super) mod maybe {
    //! `Option<Url>` as text; empty text is none.

    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use url::Url;

    pub fn serialize<S: Serializer>(url: &Option<Url>, serializer: S) -> Result<S::Ok, S::Error> {
        match url {
            Some(url) => serializer.serialize_str(&super::presentable(url)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
        text.map(|text| super::parse_url(&text).map_err(D::Error::custom)).transpose()
    }
}

pub(super) mod named {
    //! A map of names to URLs as text.

    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use url::Url;

    struct BaseUrl(Url);

    impl<'de> Deserialize<'de> for BaseUrl {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            super::parse_url(&String::deserialize(deserializer)?).map(BaseUrl).map_err(D::Error::custom)
        }
    }

    pub fn serialize<S: Serializer>(urls: &BTreeMap<String, Url>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(urls.iter().map(|(name, url)| (name, super::presentable(url))))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Url>, D::Error> {
        let urls = BTreeMap::<String, BaseUrl>::deserialize(deserializer)?;
        Ok(urls.into_iter().map(|(name, BaseUrl(url))| (name, url)).collect())
    }
}
