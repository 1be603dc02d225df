//! What an answer under faults may be: the truth, the truth with gaps that are told, or a refusal of what is wrong.

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::Value;

#[derive(Debug, PartialEq, Eq)]
pub enum Judged {
    Whole,
    Degraded,
    Refused,
}

/// Judges an answer by the true one, or, without one, as the refusal that it must be; what is wrong with it, in words.
pub fn judged(truth: Option<&Bytes>, status: StatusCode, body: &Bytes) -> Result<Judged, &'static str> {
    if truth.is_some_and(|truth| truth == body) && status == StatusCode::OK {
        return Ok(Judged::Whole);
    }
    if body.windows(15).any(|part| part == b"internal-secret")
        || body.windows(9).any(|part| part == b"127.0.0.1")
    {
        return Err("something internal leaked");
    }
    let answer: Value = serde_json::from_slice(body).map_err(|_| "not JSON")?;
    let errors = answer.get("errors").and_then(Value::as_array).filter(|errors| !errors.is_empty());
    let errors = errors.ok_or("neither the truth nor errors")?;
    if !errors.iter().all(|error| error.pointer("/extensions/code").is_some_and(Value::is_string)) {
        return Err("an error without a code");
    }
    let Some(truth) = truth else { return Ok(Judged::Refused) };
    if status.is_client_error() {
        return Err("a good request is refused");
    }
    let truth: Value = serde_json::from_slice(truth).map_err(|_| "a truth that is not JSON")?;
    let data = answer.get("data").unwrap_or(&Value::Null);
    if within(data, truth.get("data").unwrap_or(&Value::Null)) {
        Ok(Judged::Degraded)
    } else {
        Err("sibling data is not what it was")
    }
}

/// Whether `part` is `whole` but for nulls.
fn within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Null, _) => true,
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| within(a, b)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| within(a, b))
        }
        _ => part == whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_truth_or_the_truth_with_gaps_that_are_told() {
        let truth = Bytes::from_static(br#"{"data":{"a":1,"b":[{"c":2},{"c":3}]}}"#);
        let of = |status: u16, body: &'static str| {
            judged(Some(&truth), StatusCode::from_u16(status).unwrap(), &Bytes::from_static(body.as_bytes()))
        };
        assert_eq!(of(200, r#"{"data":{"a":1,"b":[{"c":2},{"c":3}]}}"#), Ok(Judged::Whole));
        let gap = r#"{"data":{"a":1,"b":[{"c":2},{"c":null}]},"errors":[{"extensions":{"code":"X"}}]}"#;
        assert_eq!(of(200, gap), Ok(Judged::Degraded));
        assert_eq!(of(504, r#"{"errors":[{"extensions":{"code":"X"}}]}"#), Ok(Judged::Degraded));
        for (status, body) in [
            (200, r#"{"data":{"a":1,"b":[{"c":2}]},"errors":[{"extensions":{"code":"X"}}]}"#),
            (200, r#"{"data":{"a":2,"b":null},"errors":[{"extensions":{"code":"X"}}]}"#),
            (200, r#"{"data":{"a":1,"b":null},"errors":[{"message":"x"}]}"#),
            (200, r#"{"data":{"a":1,"b":null},"errors":[]}"#),
            (200, r#"{"data":{"a":1,"b":null}}"#),
            (400, r#"{"errors":[{"extensions":{"code":"X"}}]}"#),
            (502, "Bad gateway"),
            (200, r#"{"data":null,"errors":[{"message":"http://127.0.0.1:1","extensions":{"code":"X"}}]}"#),
        ] {
            assert!(of(status, body).is_err(), "{body}");
        }
    }

    #[test]
    fn what_is_wrong_must_be_refused() {
        let of = |body: &'static str| judged(None, StatusCode::OK, &Bytes::from_static(body.as_bytes()));
        assert_eq!(of(r#"{"errors":[{"extensions":{"code":"X"}}]}"#), Ok(Judged::Refused));
        assert!(of(r#"{"data":{"a":1}}"#).is_err());
    }
}
