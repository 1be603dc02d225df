//! Whether all servers answered the same: nothing is measured before they do.

use super::Fault;
use crate::queries::Query;
use serde_json::Value;

/// Says where the first difference is, or that an answer has errors.
pub fn agree(query: &Query, answers: &[(&str, impl AsRef<[u8]>)]) -> Result<(), Fault> {
    let mut first: Option<(&str, Value)> = None;
    for (name, body) in answers {
        let answer: Value = serde_json::from_slice(body.as_ref())
            .map_err(|e| format!("{}: {name} answered something that is not JSON: {e}", query.name))?;
        if let Some(errors) = answer.get("errors") {
            return Err(format!("{}: {name} answered with errors: {errors}", query.name).into());
        }
        if answer.get("data").is_none_or(Value::is_null) {
            return Err(format!("{}: {name} answered without data", query.name).into());
        }
        match &first {
            None => first = Some((name, answer)),
            Some((other, expected)) => {
                if let Some(place) = difference(expected, &answer) {
                    return Err(format!(
                        "{}: {name} and {other} differ at {place}; not measured",
                        query.name
                    )
                    .into());
                }
            }
        }
    }
    Ok(())
}

/// The first place where two JSON values differ, as `$.data.posts[3].user.name`; the order of keys is no difference.
fn difference(a: &Value, b: &Value) -> Option<String> {
    fn walk(a: &Value, b: &Value, at: &mut String) -> bool {
        let length = at.len();
        match (a, b) {
            (Value::Object(x), Value::Object(y)) => {
                for key in x.keys().chain(y.keys()) {
                    at.push('.');
                    at.push_str(key);
                    if !matches!((x.get(key), y.get(key)), (Some(x), Some(y)) if walk(x, y, at)) {
                        return false;
                    }
                    at.truncate(length);
                }
                true
            }
            (Value::Array(x), Value::Array(y)) => {
                for n in 0..x.len().max(y.len()) {
                    at.push_str(&format!("[{n}]"));
                    if !matches!((x.get(n), y.get(n)), (Some(x), Some(y)) if walk(x, y, at)) {
                        return false;
                    }
                    at.truncate(length);
                }
                true
            }
            _ => a == b,
        }
    }
    let mut at = String::from("$");
    if walk(a, b, &mut at) { None } else { Some(at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_named() {
        let a = json!({ "data": { "posts": [{ "id": 1 }, { "id": 2, "user": null }] } });
        assert_eq!(difference(&a, &a), None);
        let b = json!({ "data": { "posts": [{ "id": 1 }, { "id": 2 }] } });
        assert_eq!(difference(&a, &b).as_deref(), Some("$.data.posts[1].user"));
        let b = json!({ "data": { "posts": [{ "id": 1 }] } });
        assert_eq!(difference(&a, &b).as_deref(), Some("$.data.posts[1]"));
    }

    #[test]
    fn only_equal_answers_without_errors_are_measured() {
        let query = &crate::queries::Q3;
        let told = |answers: [&str; 2]| agree(query, &[("a", answers[0]), ("b", answers[1])]);
        assert!(told([r#"{"data":{"x":1,"y":2}}"#, r#"{ "data": { "y": 2, "x": 1 } }"#]).is_ok());
        for (answers, problem) in [
            ([r#"{"data":{"x":1}}"#, r#"{"data":{"x":2}}"#], "Q3: b and a differ at $.data.x; not measured"),
            ([r#"{"data":{"x":1}}"#, r#"{"data":{"x":1},"errors":[1]}"#], "Q3: b answered with errors: [1]"),
            ([r#"{"data":null}"#, r#"{"data":null}"#], "Q3: a answered without data"),
        ] {
            assert_eq!(told(answers).unwrap_err().to_string(), problem);
        }
    }
}
