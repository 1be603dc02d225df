//! `application/x-www-form-urlencoded` parameters as OAuth wants them read: unknown ones ignored, repeated ones refused.

use std::collections::BTreeMap;

pub struct Form(BTreeMap<String, String>);

impl Form {
    /// The name of the repeated parameter is the error (RFC 6749, 3.1 and 3.2). Empty values count as left out.
    pub fn parse(encoded: &[u8]) -> Result<Self, String> {
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            if value.is_empty() {
                continue;
            }
            if parameters.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(name.into_owned());
            }
        }
        Ok(Self(parameters))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
