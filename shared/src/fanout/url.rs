//! Writes the path and query of a call: what is put in stays in its place.

use super::{AsKey, Key, key::push_encoded};

/// Appends to a URL.
pub struct UrlBuilder<'a> {
    url: &'a mut String,
    asked: bool,
}

/// What may be a query parameter.
pub trait Param {
    /// Appends `name=value`, once, several times, or not at all.
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>);
}

impl<'a> UrlBuilder<'a> {
    /// Behind what is there.
    pub fn new(url: &'a mut String) -> Self {
        let asked = url.contains('?');
        Self { url, asked }
    }

    /// Text of our own, as it is; a `?` in it begins the query.
    pub fn text(&mut self, text: &str) {
        self.asked |= text.contains('?');
        self.url.push_str(text);
    }

    /// A value in the path.
    pub fn segment(&mut self, value: &impl AsKey) {
        match value.as_key() {
            // A lone dot would be taken for a step in the path.
            Key::Text(text) if text.bytes().all(|b| b == b'.') => {
                text.bytes().for_each(|_| self.url.push_str("%2E"));
            }
            key => key.push_to(self.url),
        }
    }

    /// A parameter with one value.
    pub fn value(&mut self, name: &str, value: Key<'_>) {
        self.name(name);
        value.push_to(self.url);
    }

    /// A parameter.
    pub fn param(&mut self, name: &str, value: &impl Param) {
        value.push(name, self);
    }

    /// The keys of a batch: `ids=1,2`, or `id=1&id=2` where the upstream wants them repeated.
    pub fn keys<'k>(&mut self, name: &str, keys: impl Iterator<Item = Key<'k>>, repeat: bool) {
        for (at, key) in keys.enumerate() {
            if repeat || at == 0 {
                self.name(name);
            } else {
                self.url.push(',');
            }
            key.push_to(self.url);
        }
    }

    /// The sparse fieldset; nothing, where all fields are read.
    pub fn fields(&mut self, fields: &[&str], more: &[&str]) {
        for (at, field) in
            fields.iter().enumerate().chain((1..).zip(more.iter().filter(|_| !fields.is_empty())))
        {
            if at == 0 {
                self.name("fields");
            } else {
                self.url.push(',');
            }
            push_encoded(self.url, field);
        }
    }

    fn name(&mut self, name: &str) {
        self.url.push(if self.asked { '&' } else { '?' });
        self.asked = true;
        self.url.push_str(name);
        self.url.push('=');
    }
}

macro_rules! keys {
    ($($type:ty),*) => {$(impl Param for $type {
        fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
            url.value(name, self.as_key());
        }
    })*};
}
keys!(str, String, async_graphql::ID, i16, i32, i64, u16, u32);

impl Param for bool {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        url.value(name, Key::Text(if *self { "true" } else { "false" }));
    }
}
impl Param for &'static str {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        url.value(name, Key::Text(self));
    }
}
impl<const MAX: u32> Param for super::connection::First<MAX> {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        self.get().push(name, url);
    }
}
impl<T: Param> Param for Option<T> {
    /// None is no parameter.
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        if let Some(value) = self {
            value.push(name, url);
        }
    }
}
impl<T: AsKey> Param for Vec<T> {
    /// `name=a,b`; an empty list is no parameter.
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        url.keys(name, self.iter().map(AsKey::as_key), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_it_is_told_and_no_more() {
        let mut text = String::new();
        let mut url = UrlBuilder::new(&mut text);
        url.text("/lists/");
        url.segment(&String::from(".."));
        url.text("/items");
        url.keys("ids", ["a", "b&c"].into_iter().map(Key::Text), false);
        url.param("limit", &Some(5));
        url.param("after", &None::<String>);
        url.param("kinds", &vec![String::from("x"), String::from("y")]);
        url.fields(&["id", "title"], &["cursor"]);
        assert_eq!(text, "/lists/%2E%2E/items?ids=a,b%26c&limit=5&kinds=x,y&fields=id,title,cursor");
    }
}
