//! Whether a fallback can stand where it is to stand.

use super::{Gate, Gates};
use async_graphql::{
    Number, Value,
    registry::{MetaType, Registry},
};

/// Why the fallback of a gate is no value of this type (`[Colour!]!`) for all who are older, and what to do about it.
pub fn unfit(gates: &Gates, registry: &Registry, ty: &str, gate: &Gate) -> Option<String> {
    Fitting { gates, registry, gate }.unfit(ty, &gate.fallback)
}

/// The same of the fallback of an enum's value, which is another value of it.
pub fn unfit_value(gates: &Gates, registry: &Registry, ty: &str, gate: &Gate) -> Option<String> {
    Fitting { gates, registry, gate }.unfit_named(ty, &gate.fallback)
}

struct Fitting<'a> {
    gates: &'a Gates,
    registry: &'a Registry,
    gate: &'a Gate,
}

impl Fitting<'_> {
    fn unfit(&self, ty: &str, value: &Value) -> Option<String> {
        let (bare, nullable) = ty.strip_suffix('!').map_or((ty, true), |bare| (bare, false));
        if *value == Value::Null {
            let way = "give it a fallback of its type, or let it be null";
            return (!nullable).then(|| format!("its fallback is `null`, which `{ty}` may not be; {way}"));
        }
        if let Some(item) = bare.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')) {
            return match value {
                Value::List(items) => items.iter().find_map(|value| self.unfit(item, value)),
                _ => Some(no(value, ty, "write a list, such as `[]`")),
            };
        }
        let fits = match bare {
            "Int" => matches!(value, Value::Number(number) if is_int(number)),
            "Float" => matches!(value, Value::Number(_)),
            "Boolean" => matches!(value, Value::Boolean(_)),
            "String" => matches!(value, Value::String(_)),
            "ID" => match value {
                Value::Number(number) => !number.is_f64(),
                value => matches!(value, Value::String(_)),
            },
            _ => return self.unfit_named(bare, value),
        };
        let way = match value {
            Value::Enum(name) if matches!(bare, "String" | "ID") => {
                format!("write it as a text: `\"{name}\"`")
            }
            _ => "write one".to_owned(),
        };
        (!fits).then(|| no(value, bare, &way))
    }

    fn unfit_named(&self, ty: &str, value: &Value) -> Option<String> {
        let values = match self.registry.types.get(ty) {
            Some(MetaType::Enum { enum_values, .. }) => enum_values,
            // What its values are, it alone knows.
            Some(MetaType::Scalar { .. }) => return None,
            _ => {
                let way = "what has fields of its own has no fallback but `null` (or `[]`, of a list): let it be null";
                return Some(no(value, ty, way));
            }
        };
        let older = || {
            let older = values.keys().filter(|value| self.older(ty, value));
            older.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
        };
        let Value::Enum(name) = value else {
            return Some(no(value, ty, &format!("name one of {}", older())));
        };
        if !values.contains_key(name.as_str()) {
            return Some(no(value, ty, &format!("name one of {}", older())));
        }
        (!self.older(ty, name)).then(|| {
            format!(
                "its fallback `{name}` is itself not there before {}, so an older app would meet it; name one of {}",
                self.gates.value(ty, name).map_or("", |gate| &gate.version),
                older()
            )
        })
    }

    /// Whether everybody knows a value, or everybody who is a little older than the gate.
    fn older(&self, ty: &str, value: &str) -> bool {
        self.gates.value(ty, value).is_none_or(|gate| gate.since < self.gate.since)
    }
}

fn no(value: &Value, ty: &str, way: &str) -> String {
    format!("its fallback `{value}` is no `{ty}`; {way}")
}

fn is_int(number: &Number) -> bool {
    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}
