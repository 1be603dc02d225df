//! CoerceVariableValues (§6.1.2): defaults are filled in, what cannot be is refused.

use super::document::{Documents, PreparedOperation, rules::is_one_of};
use crate::fanout::Fault;
use apollo_compiler::{
    Schema,
    ast::{self, Type},
    schema::{ExtendedType, InputObjectType},
    validation::Valid,
};
use async_graphql::{
    Name, Value, Variables,
    registry::{MetaType, Registry},
};
use serde_json::{Map, Number, Value as Json};
use std::{
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock},
};

/// How much of a wrong value is repeated in the error.
const TOLD: usize = 80;

/// Variables with their defaults.
pub struct Coerced {
    pub variables: Variables,
    /// The same text for the same values, where answers are shared.
    pub text: Arc<str>,
}

impl Default for Coerced {
    fn default() -> Self {
        Self { variables: Variables::default(), text: no_text() }
    }
}

fn no_text() -> Arc<str> {
    static NONE: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from(""));
    NONE.clone()
}

/// The variables of `operation`, of what the client sent. `shared`: with a text that shared answers are found by.
pub fn coerce(
    documents: &Documents,
    operation: &PreparedOperation,
    given: Option<&Map<String, Json>>,
    shared: bool,
) -> Result<Coerced, Fault> {
    let coercion = Coercion { schema: documents.schema(), registry: documents.registry() };
    let mut variables = Variables::default();
    for variable in &operation.variables {
        let name = variable.name.as_str();
        let value = match given.and_then(|given| given.get(name)) {
            Some(value) => {
                let path = Path { name, above: None };
                coercion.given(&variable.ty, value, &path).map_err(|wrong| wrong.fault(name))?
            }
            None => match &variable.default_value {
                Some(default) => coercion.literal(&variable.ty, default),
                None if variable.ty.is_non_null() => {
                    return Err(Fault::bad_input(format!(
                        "Variable \"${name}\" of required type \"{}\" was not provided.",
                        variable.ty
                    )));
                }
                None => continue,
            },
        };
        variables.insert(Name::new(name), value);
    }
    let text = if shared {
        serde_json::to_string(&variables).map_err(|_| Fault::internal())?.into()
    } else {
        no_text()
    };
    Ok(Coerced { variables, text })
}

struct Coercion<'s> {
    schema: &'s Valid<Schema>,
    registry: &'s Registry,
}

/// Where in a variable a value stands.
struct Path<'p> {
    name: &'p str,
    above: Option<&'p Path<'p>>,
}

/// What cannot be, in the words of graphql-js.
struct Wrong {
    /// Below the variable: `.reports[0]`; empty, if it is the variable's own value.
    path: String,
    value: String,
    why: String,
}

impl Wrong {
    fn fault(self, variable: &str) -> Fault {
        let Self { path, value, why } = self;
        let at = if path.is_empty() { String::new() } else { format!(" at \"{variable}{path}\"") };
        Fault::bad_input(format!("Variable \"${variable}\" got invalid value {value}{at}; {why}"))
    }
}

impl Path<'_> {
    fn wrong(&self, value: &Json, why: String) -> Wrong {
        let mut path = String::new();
        self.write(&mut path);
        Wrong { path, value: shown(value), why }
    }

    fn write(&self, path: &mut String) {
        // The variable itself stands in the message anyway.
        let Some(above) = self.above else { return };
        above.write(path);
        let index = self.name.starts_with('[');
        let _ = write!(path, "{}{}", if index { "" } else { "." }, self.name);
    }
}

fn shown(value: &Json) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(TOLD) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl Coercion<'_> {
    fn given(&self, ty: &Type, value: &Json, path: &Path<'_>) -> Result<Value, Wrong> {
        if value.is_null() {
            if ty.is_non_null() {
                let why = format!("Expected non-nullable type \"{ty}\" not to be null.");
                return Err(path.wrong(value, why));
            }
            return Ok(Value::Null);
        }
        if ty.is_list() {
            let Json::Array(items) = value else {
                // One item alone is a list of it (§3.11).
                return Ok(Value::List(vec![self.given(ty.item_type(), value, path)?]));
            };
            let item = |(index, item): (usize, &Json)| {
                let name = format!("[{index}]");
                self.given(ty.item_type(), item, &Path { name: &name, above: Some(path) })
            };
            return Ok(Value::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?));
        }
        match self.schema.types.get(ty.inner_named_type()) {
            Some(ExtendedType::InputObject(object)) => self.object(object, value, path),
            Some(ExtendedType::Enum(of)) => match value {
                Json::String(name) if of.values.contains_key(name.as_str()) => {
                    Ok(Value::Enum(Name::new(name)))
                }
                Json::String(name) => Err(path.wrong(
                    value,
                    format!("Value \"{}\" does not exist in \"{}\" enum.", cut(name), of.name),
                )),
                _ => {
                    Err(path.wrong(value, format!("Enum \"{}\" cannot represent non-string value.", of.name)))
                }
            },
            _ => {
                let name = ty.inner_named_type();
                let read = scalar(name, value).map_err(|why| path.wrong(value, why))?;
                if self.takes(name, &read) {
                    return Ok(read);
                }
                Err(path.wrong(value, format!("{name} cannot represent value: {}", shown(value))))
            }
        }
    }

    /// Whether a team's own scalar says that this is none of its values: one that does not is asked where it is used.
    fn takes(&self, name: &str, value: &Value) -> bool {
        if matches!(name, "Int" | "Float" | "String" | "Boolean" | "ID") {
            return true;
        }
        match self.registry.types.get(name) {
            Some(MetaType::Scalar { is_valid: Some(is_valid), .. }) => {
                catch_unwind(AssertUnwindSafe(|| is_valid(value))).unwrap_or(false)
            }
            _ => true,
        }
    }

    fn object(&self, of: &InputObjectType, value: &Json, path: &Path<'_>) -> Result<Value, Wrong> {
        let Json::Object(fields) = value else {
            return Err(path.wrong(value, format!("Expected type \"{}\" to be an object.", of.name)));
        };
        if let Some(unknown) = fields.keys().find(|name| !of.fields.contains_key(name.as_str())) {
            let why = format!("Field \"{}\" is not defined by type \"{}\".", cut(unknown), of.name);
            return Err(path.wrong(value, why));
        }
        let mut object = async_graphql::indexmap::IndexMap::new();
        for (name, field) in &of.fields {
            let coerced = match fields.get(name.as_str()) {
                Some(value) => self.given(&field.ty, value, &Path { name, above: Some(path) })?,
                None => match &field.default_value {
                    Some(default) => self.literal(&field.ty, default),
                    None if field.ty.is_non_null() => {
                        let why =
                            format!("Field \"{name}\" of required type \"{}\" was not provided.", field.ty);
                        return Err(path.wrong(value, why));
                    }
                    None => continue,
                },
            };
            object.insert(Name::new(name), coerced);
        }
        if is_one_of(of) {
            match object.iter().next() {
                Some((name, Value::Null)) if object.len() == 1 => {
                    return Err(path.wrong(value, format!("Field \"{name}\" must be non-null.")));
                }
                Some(_) if object.len() == 1 => {}
                _ => {
                    let why = format!("Exactly one key must be specified for OneOf type \"{}\".", of.name);
                    return Err(path.wrong(value, why));
                }
            }
        }
        Ok(Value::Object(object))
    }

    /// A default, which validation has found to fit.
    fn literal(&self, ty: &Type, value: &ast::Value) -> Value {
        if ty.is_list() && !value.is_null() {
            return match value {
                ast::Value::List(items) => {
                    Value::List(items.iter().map(|item| self.literal(ty.item_type(), item)).collect())
                }
                one => Value::List(vec![self.literal(ty.item_type(), one)]),
            };
        }
        match (self.schema.types.get(ty.inner_named_type()), value) {
            (Some(ExtendedType::InputObject(of)), ast::Value::Object(fields)) => {
                let mut object = async_graphql::indexmap::IndexMap::new();
                for (name, field) in &of.fields {
                    let given = fields.iter().find(|(given, _)| given == name).map(|(_, value)| value);
                    if let Some(value) = given.or(field.default_value.as_ref()) {
                        object.insert(Name::new(name), self.literal(&field.ty, value));
                    }
                }
                Value::Object(object)
            }
            (_, ast::Value::Int(int)) if ty.inner_named_type() == "ID" => {
                Value::String(int.as_str().to_owned())
            }
            _ => constant(value),
        }
    }
}

/// A literal as it stands there.
fn constant(value: &ast::Value) -> Value {
    match value {
        // No variable stands in a default.
        ast::Value::Null | ast::Value::Variable(_) => Value::Null,
        ast::Value::Enum(name) => Value::Enum(Name::new(name)),
        ast::Value::String(text) => Value::String(text.clone()),
        ast::Value::Boolean(boolean) => Value::Boolean(*boolean),
        ast::Value::Int(int) => number(int.as_str()),
        ast::Value::Float(float) => number(float.as_str()),
        ast::Value::List(items) => Value::List(items.iter().map(|item| constant(item)).collect()),
        ast::Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, field)| (Name::new(name), constant(field))).collect())
        }
    }
}

fn number(text: &str) -> Value {
    text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Number)
}

/// A value of a scalar that the specification knows; those of others are taken as they are.
fn scalar(ty: &str, value: &Json) -> Result<Value, String> {
    let as_it_is =
        || Value::from_json(value.clone()).map_err(|_| format!("{ty} cannot represent this value."));
    match (ty, value) {
        ("Int", Json::Number(number)) => {
            let Some(whole) = whole(number) else {
                return Err(format!("Int cannot represent non-integer value: {}", shown(value)));
            };
            match i32::try_from(whole) {
                Ok(int) => Ok(Value::Number(int.into())),
                Err(_) => {
                    Err(format!("Int cannot represent non 32-bit signed integer value: {}", shown(value)))
                }
            }
        }
        ("Int", _) => Err(format!("Int cannot represent non-integer value: {}", shown(value))),
        ("Float", Json::Number(_)) | ("String", Json::String(_)) | ("Boolean", Json::Bool(_)) => as_it_is(),
        ("Float", _) => Err(format!("Float cannot represent non numeric value: {}", shown(value))),
        ("String", _) => Err(format!("String cannot represent a non string value: {}", shown(value))),
        ("Boolean", _) => Err(format!("Boolean cannot represent a non boolean value: {}", shown(value))),
        ("ID", Json::String(id)) => Ok(Value::String(id.clone())),
        ("ID", Json::Number(number)) => match whole(number) {
            Some(id) => Ok(Value::String(id.to_string())),
            None => Err(format!("ID cannot represent value: {}", shown(value))),
        },
        ("ID", _) => Err(format!("ID cannot represent value: {}", shown(value))),
        _ => as_it_is(),
    }
}

/// A number without a fraction, however it is written: `1.0` and `1e2` are whole.
fn whole(number: &Number) -> Option<i128> {
    if let Some(int) = number.as_i128() {
        return Some(int);
    }
    /// Beyond this a double has no fraction left to see.
    const SAFE: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= SAFE)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within bounds")]
    Some(float as i128)
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(TOLD).map_or(text, |(end, _)| text.get(..end).unwrap_or_default())
}
