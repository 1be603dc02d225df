//! Answers a collection's reads from rows, by the conventions that REST services here share.

use super::{Call, Value, json};

/// Rows with list parameters to select by. Understands `limit` (per key), `after` (a row's `cursor`) and `fields`.
pub struct Table {
    keys: Vec<(String, String)>,
    rows: Vec<Value>,
}

impl Table {
    #[track_caller]
    pub fn new(keys: &[(&str, &str)], rows: Value) -> Self {
        let Value::Array(rows) = rows else { panic!("a table is a list of rows: {rows}") };
        let keys = keys.iter().map(|(param, field)| ((*param).to_owned(), (*field).to_owned())).collect();
        Self { keys, rows }
    }

    /// `{"items": […], "next": null}`: unknown keys are simply absent.
    pub fn answer(&self, call: &Call) -> Value {
        let limit = call.param("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
        let asked = self.keys.iter().find(|(param, _)| call.param(param).is_some());
        let items: Vec<Value> = match asked {
            None => self.page(call, limit, |_| true),
            Some((param, field)) => {
                let keys = call.list(param);
                keys.iter().flat_map(|key| self.page(call, limit, |row| text(&row[field]) == *key)).collect()
            }
        };
        json!({"items": items, "next": null})
    }

    fn page(&self, call: &Call, limit: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let fields = call.list("fields");
        let after = call.param("after");
        let rows: Vec<&Value> = self.rows.iter().filter(|row| wanted(row)).collect();
        let from = after
            .map(|after| {
                rows.iter().position(|row| row["cursor"] == after.as_str()).map_or(rows.len(), |at| at + 1)
            })
            .unwrap_or(0);
        rows.into_iter().skip(from).take(limit).map(|row| sparse(row, &fields)).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn sparse(row: &Value, fields: &[String]) -> Value {
    let Value::Object(all) = row else { return row.clone() };
    let listed = |name: &String| fields.is_empty() || fields.contains(name);
    all.iter().filter(|(name, _)| listed(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}
