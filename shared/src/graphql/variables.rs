//! CoerceVariableValues (§6.1.2): defaults are filled in, what cannot be is refused.

use crate::fanout::Fault;
use apollo_compiler::{Schema, executable::Operation, request::coerce_variable_values, validation::Valid};
use async_graphql::Variables;
use serde_json::{Map, Value};
use std::sync::{Arc, LazyLock};

/// The variables of `operation`, of what the client sent. `shared`: with a text that shared answers are found by.
pub fn coerce(
    schema: &Valid<Schema>,
    operation: &Operation,
    given: Option<&Map<String, Value>>,
    shared: bool,
) -> Result<Coerced, Fault> {
    let given = given.map(serde_json::to_value).transpose().map_err(|_| Fault::internal())?;
    let given = given.unwrap_or_else(|| Value::Object(Map::new()));
    let given = serde_json::from_value(given).map_err(|_| Fault::internal())?;
    let coerced = coerce_variable_values(schema, operation, &given)
        .map_err(|error| Fault::bad_input(error.message().to_string()))?;
    let coerced = serde_json::to_value(coerced.into_inner()).map_err(|_| Fault::internal())?;
    let text = if shared { coerced.to_string().into() } else { no_text() };
    Ok(Coerced { variables: Variables::from_json(coerced), text })
}

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
