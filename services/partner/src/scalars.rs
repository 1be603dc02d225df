//! The codes and times of the trade as scalars: checked where partners send them, as the catalogue has them where read.

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use bff::{
    Leaf,
    fanout::{AsKey, Bubble, Key, Out, Param, Path, UrlBuilder},
};
use serde::{Deserialize, Deserializer};

/// Reads a text in the form that `form` names, or says what is wanted.
fn checked<T: InputType>(
    value: Value,
    form: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> InputValueResult<T> {
    let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
    read(&text).ok_or_else(|| {
        let given: String = text.chars().take(40).collect();
        InputValueError::custom(format!("must be {form}, and is {given:?}."))
    })
}

/// `DateTime`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
pub struct DateTime(jiff::Timestamp);

impl DateTime {
    /// In whole seconds, rounded up.
    pub fn at(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = since.as_secs() + u64::from(since.subsec_nanos() > 0);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX))
    }
}

#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
/// A point in time (RFC 3339), in UTC: `2026-09-30T12:00:00Z`.
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        checked(value, "a time such as 2026-09-30T12:00:00Z (RFC 3339)", |text| text.parse().ok().map(Self))
    }

    fn is_valid(value: &Value) -> bool {
        <Self as ScalarType>::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl Leaf for DateTime {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        self.0.to_string().put(out, path)
    }
}

/// `Date`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
pub struct Date(jiff::civil::Date);

#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
/// A day of the calendar (RFC 3339, full-date): `1997-09-22`.
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        checked(value, "a day such as 1997-09-22", |text| {
            // jiff would also take a time and cut it off.
            text.parse().ok().filter(|day: &jiff::civil::Date| day.to_string() == text).map(Self)
        })
    }

    fn is_valid(value: &Value) -> bool {
        <Self as ScalarType>::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl Leaf for Date {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        self.0.to_string().put(out, path)
    }
}

impl Param for Date {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        url.value(name, Key::Text(&self.0.to_string()));
    }
}

/// A scalar that is a code: text of a known form.
macro_rules! codes {
    ($($(#[$doc:meta])* $type:ident = $name:literal at $url:literal, $form:literal, $read:expr;)*) => {$(
        #[doc = concat!("`", $name, "`.")]
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Deserialize)]
        pub struct $type(String);

        #[Scalar(name = $name, specified_by_url = $url)]
        $(#[$doc])*
        impl ScalarType for $type {
            fn parse(value: Value) -> InputValueResult<Self> {
                checked(value, $form, |text| $read(text).map(Self))
            }

            fn is_valid(value: &Value) -> bool {
                <Self as ScalarType>::parse(value.clone()).is_ok()
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }

        impl Leaf for $type {
            fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
                self.0.put(out, path)
            }
        }

        impl AsKey for $type {
            fn as_key(&self) -> Key<'_> {
                self.0.as_key()
            }
        }

        impl Param for $type {
            fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
                url.value(name, self.as_key());
            }
        }
    )*};
}

codes! {
    /// The code of a recording (ISRC, ISO 3901): twelve letters and digits, `GBAQT9700055`. Hyphens are taken, too.
    Isrc = "ISRC" at "https://isrc.ifpi.org", "an ISRC: 12 letters and digits such as GBAQT9700055", isrc;
    /// The code of a release (UPC or EAN, a GTIN): twelve to fourteen digits, `5016958046927`.
    Upc = "UPC" at "https://www.gs1.org/standards/id-keys/gtin", "a UPC or EAN: 12 to 14 digits", upc;
    /// A country (ISO 3166-1 alpha-2): `IS`.
    CountryCode = "CountryCode" at "https://www.iso.org/iso-3166-country-codes.html",
        "the two letters of a country such as IS (ISO 3166-1 alpha-2)", country;
}

fn isrc(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| *c != '-').collect::<String>().to_ascii_uppercase();
    let fits = code.len() == 12 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some(code)
}

fn upc(text: &str) -> Option<String> {
    let fits = (12..=14).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.to_owned())
}

fn country(text: &str) -> Option<String> {
    let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    fits.then(|| text.to_ascii_uppercase())
}

/// Reads one of the values that this API has a name for; None for one it has not learnt yet, so that a new one
/// upstream costs a field and not the page.
pub fn known<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    use serde::de::{IntoDeserializer, value::Error};
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| {
        let text: serde::de::value::StringDeserializer<Error> = text.into_deserializer();
        T::deserialize(text).ok()
    }))
}
