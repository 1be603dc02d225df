//! Writes a response: data in document order with nulls settled at the root, errors masked, each with a code.

use super::document::Refusal;
use crate::{
    fanout::{Code, DegradedAt, FAILED_ROOT, Fanout, Fault, Operation, RAW, RootField, Stats},
    telemetry::RequestRecord,
};
use async_graphql::{Name, PathSegment, Response, ServerError, Value, Variables};
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;

/// What kind of response this is: transports choose a status by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The operation ran; fields may have failed.
    Executed {
        /// Some field did.
        errors: bool,
    },
    /// The request itself is at fault: nothing ran, and there is no `data`.
    Refused,
}

/// A response, written.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The JSON text.
    pub body: Bytes,
    /// What kind it is.
    pub verdict: Verdict,
    /// Codes of its errors, each once, for the log.
    pub codes: Vec<Cow>,
    /// By policy, how many places are less than they should be. An answer with any is no answer to keep for others.
    pub degraded: BTreeMap<&'static str, u64>,
}

type Cow = std::borrow::Cow<'static, str>;

#[derive(Serialize)]
struct Shown<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    path: &'a [PathSegment],
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
struct Location {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Extensions<'a> {
    code: &'a str,
    /// Of a request that is refused: what ran may be answered to several.
    #[serde(rename = "traceId", skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
}

/// A refused request.
pub fn refused(refusals: &[Refusal]) -> Answer {
    let mut codes = Vec::new();
    let trace_id = RequestRecord::with_current(|record| record.trace().trace_id_hex());
    let shown: Vec<_> = refusals
        .iter()
        .map(|Refusal { fault, at }| {
            note(&mut codes, fault.code.as_str());
            Shown {
                message: &fault.message,
                locations: at.iter().map(|&(line, column)| Location { line, column }).collect(),
                path: &[],
                extensions: Extensions { code: fault.code.as_str(), trace_id: trace_id.as_deref() },
            }
        })
        .collect();
    let mut body = b"{\"errors\":".to_vec();
    put(&mut body, &shown);
    body.push(b'}');
    Answer { body: body.into(), verdict: Verdict::Refused, codes, degraded: BTreeMap::new() }
}

fn note(codes: &mut Vec<Cow>, code: &str) {
    if !codes.iter().any(|known| known == code) {
        codes.push(code.to_owned().into());
    }
}

fn put(body: &mut Vec<u8>, value: &impl Serialize) {
    // Into memory, of types whose keys are text: neither can fail.
    let _ = serde_json::to_writer(body, value);
}

/// The response of an operation that ran.
pub fn executed(
    operation: &Operation,
    variables: &Variables,
    mut response: Response,
    stats: &Stats,
) -> Answer {
    let (mut body, whole) = match alone(operation, variables, &mut response.data) {
        Some(body) => (body, true),
        None => {
            let mut body = Vec::with_capacity(size(&response.data) + 128);
            body.extend_from_slice(OPENING);
            let whole = data(operation, variables, &response.data, &mut body);
            (body, whole)
        }
    };
    let (verdict, codes) = errors(operation, variables, response.errors, &mut body);
    let told = Told::of(operation, stats, whole);
    if !told.is_empty() {
        body.extend_from_slice(b",\"extensions\":");
        put(&mut body, &told);
    }
    body.push(b'}');
    Answer { body: body.into(), verdict, codes, degraded: told.degraded() }
}

/// What a response tells beside data and errors.
#[derive(Serialize)]
struct Told {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degraded: Vec<DegradedAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fanout: Option<Fanout>,
}

impl Told {
    /// Of an answer that has data, or has not.
    fn of(operation: &Operation, stats: &Stats, whole: bool) -> Self {
        let mut degraded = stats.take_degraded();
        if !whole {
            degraded.clear();
        }
        degraded.sort_by_key(|degraded| operation.root_of(&degraded.path));
        Self { degraded, fanout: stats.fanout() }
    }

    fn is_empty(&self) -> bool {
        self.degraded.is_empty() && self.fanout.is_none()
    }

    fn degraded(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for degraded in &self.degraded {
            *counts.entry(degraded.policy).or_default() += 1;
        }
        counts
    }
}

const OPENING: &[u8] = b"{\"data\":";

/// The response's data where it was written, if it is one root's: most are, and need no second buffer.
fn alone(operation: &Operation, variables: &Variables, data: &mut Value) -> Option<Vec<u8>> {
    let [root] = operation.selected(variables)[..] else { return None };
    let Value::Object(roots) = data else { return None };
    let Value::Object(value) = roots.get_mut(&root.key)? else { return None };
    let Value::Binary(text) = value.get_mut(RAW)? else { return None };
    // Anything but an object or a list may bear on what is around it.
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut body = Vec::from(std::mem::take(text));
    let before = OPENING.iter().chain(b"{").chain(&root.lead);
    drop(body.splice(..0, before.copied()));
    body.push(b'}');
    Some(body)
}

/// The same, as a value that async-graphql's own transports can carry: for subscriptions. And how many places of it are
/// degraded.
pub fn completed(
    operation: &Operation,
    variables: &Variables,
    mut response: Response,
    stats: &Stats,
) -> (Response, BTreeMap<&'static str, u64>) {
    let mut text = Vec::with_capacity(size(&response.data) + 16);
    let whole = data(operation, variables, &response.data, &mut text);
    // Only whole strings and ASCII were written: the conversion checks, and cannot fail.
    let text = String::from_utf8(text).unwrap_or_default();
    response.data = match text.as_str() {
        "null" => Value::Null,
        _ => Value::Object([(Name::new(RAW), Value::String(text))].into_iter().collect()),
    };
    for error in &mut response.errors {
        *error = masked(operation, variables, std::mem::replace(error, ServerError::new("", None)));
    }
    let told = Told::of(operation, stats, whole);
    if let Ok(serde_json::Value::Object(extensions)) = serde_json::to_value(&told) {
        let value = |value| Value::from_json(value).unwrap_or_default();
        response.extensions.extend(extensions.into_iter().map(|(name, told)| (name, value(told))));
    }
    (response, told.degraded())
}

fn size(data: &Value) -> usize {
    let Value::Object(roots) = data else { return 4 };
    roots.values().map(|value| raw(value).map_or(256, Bytes::len) + 32).sum()
}

fn raw(value: &Value) -> Option<&Bytes> {
    match value {
        Value::Object(object) if object.len() == 1 => match object.get(RAW) {
            Some(Value::Binary(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// False, if data as a whole is null.
fn data(operation: &Operation, variables: &Variables, data: &Value, body: &mut Vec<u8>) -> bool {
    let start = body.len();
    body.push(b'{');
    for (at, root) in operation.selected(variables).into_iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&root.lead);
        if !put_root(root, data, body) {
            // A root that may not be null is: so is everything (§6.4.4).
            body.truncate(start);
            body.extend_from_slice(b"null");
            return false;
        }
    }
    body.push(b'}');
    true
}

/// False, if there is no value where one must be.
fn put_root(root: &RootField, data: &Value, body: &mut Vec<u8>) -> bool {
    let value = match data {
        Value::Object(roots) => roots.get(&root.key),
        _ => None,
    };
    match value {
        None | Some(Value::Null) => {}
        Some(value) => match raw(value) {
            Some(text) if *text == FAILED_ROOT => {}
            Some(text) => {
                body.extend_from_slice(text);
                return *text != b"null"[..] || root.nullable;
            }
            None => {
                put(body, value);
                return true;
            }
        },
    }
    body.extend_from_slice(b"null");
    root.nullable
}

fn errors(
    operation: &Operation,
    variables: &Variables,
    errors: Vec<ServerError>,
    body: &mut Vec<u8>,
) -> (Verdict, Vec<Cow>) {
    if errors.is_empty() {
        return (Verdict::Executed { errors: false }, Vec::new());
    }
    let mut errors: Vec<_> = errors.into_iter().map(|error| masked(operation, variables, error)).collect();
    // Roots finish in any order; errors are told in the document's.
    errors.sort_by_key(|error| operation.root_of(&error.path));
    let mut codes = Vec::new();
    let shown: Vec<_> = errors
        .iter()
        .map(|error| {
            let code = code(error).unwrap_or(Code::InternalServerError.as_str());
            note(&mut codes, code);
            Shown {
                message: &error.message,
                locations: error
                    .locations
                    .iter()
                    .map(|at| Location { line: at.line, column: at.column })
                    .collect(),
                path: &error.path,
                extensions: Extensions { code, trace_id: None },
            }
        })
        .collect();
    body.extend_from_slice(b",\"errors\":");
    put(body, &shown);
    (Verdict::Executed { errors: true }, codes)
}

fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// An error without a code of ours was not made to be shown.
///
/// What came out of a `?` carries its source: that is logged, and masked. What async-graphql itself says about an
/// argument has none: that is the caller's to read.
fn masked(operation: &Operation, variables: &Variables, mut error: ServerError) -> ServerError {
    // An error is at its field, as everywhere; async-graphql points at the argument.
    if let [PathSegment::Field(key)] = error.path.as_slice()
        && let Some(pos) = operation.place(key, variables)
    {
        error.locations = vec![pos];
    }
    if code(&error).is_some() {
        return error;
    }
    let fault = if let Some(fault) = error.source::<Fault>() {
        fault.clone()
    } else if error.source.is_some() {
        tracing::error!(
            error.message = error.message,
            "a resolver failed with an error that is not made to be shown"
        );
        Fault::internal()
    } else {
        Fault::bad_input(error.message)
    };
    let mut shown = fault.at(Default::default(), error.path);
    shown.locations = error.locations;
    shown
}
