//! Sparse fieldsets: `?fields=a,b` picks top-level fields of a row, checked against the row type's own field list.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::ser::{self, SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::params::Cursor;

/// The fields of `R` to send; all of them by default. A list of rows may also name `cursor`.
#[derive(Debug)]
pub struct Fields<R> {
    chosen: Option<Vec<&'static str>>,
    row: PhantomData<fn() -> R>,
}

impl<R> Fields<R> {
    /// Whether `field` is to be sent: lets a handler spare work for what nobody asked for.
    pub fn wants(&self, field: &str) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.contains(&field))
    }
}

impl<R> Default for Fields<R> {
    fn default() -> Self {
        Self { chosen: None, row: PhantomData }
    }
}

impl<R> Clone for Fields<R> {
    fn clone(&self) -> Self {
        Self { chosen: self.chosen.clone(), row: PhantomData }
    }
}

const CURSOR: &str = "cursor";

impl<'de, R: DeserializeOwned> Deserialize<'de> for Fields<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = fields_of::<R>();
        let mut chosen = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match known.iter().copied().chain([CURSOR]).find(|field| *field == name) {
                Some(field) if chosen.contains(&field) => {}
                Some(field) => chosen.push(field),
                None => {
                    return Err(de::Error::custom(format_args!(
                        "no field `{name}`; known ones: {}",
                        known.join(", ")
                    )));
                }
            }
        }
        if chosen.is_empty() {
            return Err(de::Error::custom("names no field; leave the parameter out for all fields"));
        }
        Ok(Self { chosen: Some(chosen), row: PhantomData })
    }
}

/// The names of a row type's fields, as serde knows them: one source for the wire, the check and the documentation.
fn fields_of<R: DeserializeOwned>() -> &'static [&'static str] {
    match R::deserialize(FieldList) {
        Err(Listed(fields)) => fields,
        Ok(_) => &[],
    }
}

struct FieldList;

#[derive(Debug)]
struct Listed(&'static [&'static str]);

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of fields")
    }
}

impl std::error::Error for Listed {}

impl de::Error for Listed {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self(&[])
    }
}

impl<'de> Deserializer<'de> for FieldList {
    type Error = Listed;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Listed> {
        Err(Listed(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Listed> {
        Err(Listed(fields))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// One row on its way out: only the chosen fields, plus its cursor where rows have one.
pub(crate) struct Sparse<'a, R> {
    pub row: &'a R,
    pub cursor: Option<&'a Cursor>,
    pub fields: &'a Fields<R>,
}

impl<R: Serialize> Serialize for Sparse<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.serialize(Picking {
            inner: serializer,
            chosen: self.fields.chosen.as_deref(),
            cursor: self.cursor,
        })
    }
}

/// A serializer that lets a struct's own `Serialize` run and drops the fields nobody asked for.
struct Picking<'a, S> {
    inner: S,
    chosen: Option<&'a [&'static str]>,
    cursor: Option<&'a Cursor>,
}

struct PickingStruct<'a, S> {
    inner: S,
    chosen: Option<&'a [&'static str]>,
    cursor: Option<&'a Cursor>,
}

impl<S> PickingStruct<'_, S> {
    fn wants(&self, field: &str) -> bool {
        self.chosen.is_none_or(|chosen| chosen.contains(&field))
    }
}

impl<S: SerializeStruct> SerializeStruct for PickingStruct<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        if self.wants(key) { self.inner.serialize_field(key, value) } else { Ok(()) }
    }

    fn end(mut self) -> Result<S::Ok, S::Error> {
        if let Some(cursor) = self.cursor
            && self.wants(CURSOR)
        {
            self.inner.serialize_field(CURSOR, cursor)?;
        }
        self.inner.end()
    }
}

macro_rules! only_structs {
    ($($method:ident($($type:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$result, S::Error> {
            Err(ser::Error::custom("a row must be a struct"))
        }
    )*};
}

impl<'a, S: Serializer> Serializer for Picking<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = ser::Impossible<S::Ok, S::Error>;
    type SerializeTuple = ser::Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = ser::Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = ser::Impossible<S::Ok, S::Error>;
    type SerializeMap = ser::Impossible<S::Ok, S::Error>;
    type SerializeStruct = PickingStruct<'a, S::SerializeStruct>;
    type SerializeStructVariant = ser::Impossible<S::Ok, S::Error>;

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        let inner = self.inner.serialize_struct(name, len + 1)?;
        Ok(PickingStruct { inner, chosen: self.chosen, cursor: self.cursor })
    }

    only_structs! {
        serialize_bool(bool) -> S::Ok;
        serialize_i8(i8) -> S::Ok;
        serialize_i16(i16) -> S::Ok;
        serialize_i32(i32) -> S::Ok;
        serialize_i64(i64) -> S::Ok;
        serialize_u8(u8) -> S::Ok;
        serialize_u16(u16) -> S::Ok;
        serialize_u32(u32) -> S::Ok;
        serialize_u64(u64) -> S::Ok;
        serialize_f32(f32) -> S::Ok;
        serialize_f64(f64) -> S::Ok;
        serialize_char(char) -> S::Ok;
        serialize_str(&str) -> S::Ok;
        serialize_bytes(&[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(&'static str) -> S::Ok;
        serialize_unit_variant(&'static str, u32, &'static str) -> S::Ok;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }
}
