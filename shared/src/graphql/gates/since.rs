//! `@since` in the schema.

use super::super::clients::Version;
use async_graphql::{
    InputType, InputValueResult, TypeDirective, Value,
    parser::{
        parse_query,
        types::{DocumentOperations, Selection},
    },
    registry::{MetaDirectiveInvocation, MetaType, MetaTypeId, Registry, location_traits},
};
use std::borrow::Cow;

/// There for applications of this version and newer ones, as far as they are known and say their version. Older ones get the
/// fallback: it is not asked for, and no guard of it is.
#[async_graphql::TypeDirective(name = "since", location = "FieldDefinition", location = "EnumValue")]
fn there_since(version: String, fallback: Option<SinceFallback>) {}

/// What an old application gets for a field, or in the place of an enum's value.
struct SinceFallback;

impl InputType for SinceFallback {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        "SinceFallback".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Scalar, |_| MetaType::Scalar {
            name: Self::type_name().into_owned(),
            description: Some("A literal of the type that it stands for.".to_owned()),
            is_valid: None,
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            specified_by_url: None,
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        })
    }

    fn parse(_: Option<Value>) -> InputValueResult<Self> {
        Ok(Self)
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        None
    }
}

/// `@since(version: "…", fallback: …)` in the schema: on an enum's value, on a field or an edge of an entity, and on a root of
/// the query. The fallback is a GraphQL literal: of an enum's value another, older one; of a field `null` or a value of its
/// type.
///
/// ```
/// # use bff::Since;
/// #[derive(async_graphql::Enum, Clone, Copy, PartialEq, Eq)]
/// enum Colour {
///     Grey,
///     /// Apps before 2.3 are told that it is grey.
///     #[graphql(directive = Since::apply("2.3", "GREY"))]
///     Infrared,
/// }
///
/// # struct Query;
/// #[async_graphql::Object]
/// impl Query {
///     #[graphql(directive = Since::apply("2.4", "[GREY]"))]
///     async fn colours(&self) -> Vec<Colour> { vec![Colour::Grey, Colour::Infrared] }
/// }
/// ```
pub struct Since;

impl Since {
    /// At a field or a value. What does not fit is said when the BFF starts, or its schema is printed.
    pub fn apply(version: &str, fallback: &str) -> MetaDirectiveInvocation {
        let mut applied = there_since::apply(version.to_owned(), None);
        // What is no literal is kept as bytes, which no literal is.
        let fallback = literal(fallback).unwrap_or_else(|| Value::Binary(fallback.to_owned().into()));
        applied.args.insert("fallback".to_owned(), fallback);
        applied
    }
}

impl TypeDirective for Since {
    fn name(&self) -> Cow<'static, str> {
        there_since.name()
    }

    fn register(&self, registry: &mut Registry) {
        there_since.register(registry);
    }
}

impl location_traits::Directive_At_FIELD_DEFINITION for Since {}
impl location_traits::Directive_At_ENUM_VALUE for Since {}

/// A literal without variables, as it stands in documents.
fn literal(text: &str) -> Option<Value> {
    let document = parse_query(format!("{{a(a:{text})}}")).ok()?;
    let DocumentOperations::Single(operation) = document.operations else { return None };
    let [selection] = &operation.node.selection_set.node.items[..] else { return None };
    let Selection::Field(field) = &selection.node else { return None };
    let field = &field.node;
    let alone = field.directives.is_empty() && field.selection_set.node.items.is_empty();
    match &field.arguments[..] {
        [(_, value)] if alone => value.node.clone().into_const(),
        _ => None,
    }
}

/// What a place of the schema says of itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Gate {
    pub since: Version,
    /// As it is written.
    pub version: String,
    pub fallback: Value,
}

impl Gate {
    /// Of a place such as `Colour.INFRARED`, if it has one; what cannot be read is a problem.
    pub fn read(place: &str, said: &[MetaDirectiveInvocation], problems: &mut Vec<String>) -> Option<Self> {
        let name = there_since.name();
        let said = said.iter().find(|directive| directive.name == name)?;
        let Some(Value::String(version)) = said.args.get("version") else { return None };
        let fallback = said.args.get("fallback").cloned().unwrap_or_default();
        if let Value::Binary(text) = &fallback {
            problems.push(format!(
                "`{place}` is @since(version: \"{version}\"), and its fallback `{}` is no GraphQL literal: write `null`, `0`, \
                 `[]`, a value's name, or a text in quotation marks",
                String::from_utf8_lossy(text)
            ));
            return None;
        }
        let Some(since) = Version::read(version) else {
            problems.push(format!(
                "`{place}` is @since(version: \"{version}\"), which is no version; write numbers with dots, such as `4.1.3`"
            ));
            return None;
        };
        Some(Self { since, version: version.clone(), fallback })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_literal_is_one() {
        for text in ["null", "0", "-1.5", "true", "GREY", "[GREY]", "\"none\"", "{a: [1]}"] {
            assert_eq!(
                literal(text).map(|value| value.to_string().replace(' ', "")),
                Some(text.replace(' ', ""))
            );
        }
        for text in ["", "two words", "$a", "0) @a(a:0", "0, b:0", "0){a}#", "0) b(a:0", "{a:"] {
            assert_eq!(literal(text), None, "{text}");
        }
    }
}
