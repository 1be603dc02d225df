//! Errors as they are told: masked unless they were made to be shown, in the document's order, each with its code, the
//! request's trace id, and whether to try again.

use crate::{
    fanout::{Code, Fault, Operation},
    telemetry::RequestRecord,
};
use async_graphql::{PathSegment, Pos, ServerError, Value, Variables};
use serde::Serialize;

type Cow = std::borrow::Cow<'static, str>;

/// One error.
struct Told<'a> {
    message: &'a str,
    locations: Vec<Location>,
    path: &'a [PathSegment],
    code: &'a str,
    retryable: bool,
    /// Seconds.
    retry_after: Option<u16>,
}

#[derive(Serialize)]
struct Location {
    line: usize,
    column: usize,
}

/// A list of errors, as far as it is written.
#[derive(Default)]
pub(super) struct Errors {
    /// Each once.
    pub codes: Vec<Cow>,
    /// Where in the body the request's trace id stands.
    pub traces: Vec<usize>,
}

impl Errors {
    /// Of an operation that ran, all masked: `"errors":[…]`.
    pub fn of_fields(operation: &Operation, mut errors: Vec<ServerError>, body: &mut Vec<u8>) -> Self {
        // Roots finish in any order; errors are told in the document's.
        errors.sort_by_key(|error| operation.root_of(&error.path));
        Self::written(errors.iter().map(told), body)
    }

    /// Of a request that is refused: the same.
    pub fn of_faults<'f>(
        faults: impl Iterator<Item = (&'f Fault, Option<(usize, usize)>)>,
        body: &mut Vec<u8>,
    ) -> Self {
        let told = faults.map(|(fault, at)| Told {
            message: &fault.message,
            locations: at.iter().map(|&(line, column)| Location { line, column }).collect(),
            path: &[],
            code: fault.code.as_str(),
            retryable: fault.code.retryable(),
            retry_after: fault.retry_after.map(std::num::NonZeroU16::get),
        });
        Self::written(told, body)
    }

    fn written<'a>(all: impl Iterator<Item = Told<'a>>, body: &mut Vec<u8>) -> Self {
        let trace = RequestRecord::with_current(|record| record.trace().trace_id_hex());
        let mut errors = Self::default();
        body.extend_from_slice(b"\"errors\":[");
        for (at, told) in all.enumerate() {
            if at > 0 {
                body.push(b',');
            }
            errors.put(&told, trace.as_deref(), body);
        }
        body.push(b']');
        errors
    }

    fn put(&mut self, told: &Told<'_>, trace: Option<&str>, body: &mut Vec<u8>) {
        if !self.codes.iter().any(|known| known == told.code) {
            self.codes.push(told.code.to_owned().into());
        }
        body.extend_from_slice(b"{\"message\":");
        put(body, &told.message);
        if !told.locations.is_empty() {
            body.extend_from_slice(b",\"locations\":");
            put(body, &told.locations);
        }
        if !told.path.is_empty() {
            body.extend_from_slice(b",\"path\":");
            put(body, &told.path);
        }
        body.extend_from_slice(b",\"extensions\":{\"code\":");
        put(body, &told.code);
        if let Some(trace) = trace {
            body.extend_from_slice(b",\"traceId\":\"");
            self.traces.push(body.len());
            body.extend_from_slice(trace.as_bytes());
            body.push(b'"');
        }
        body.extend_from_slice(b",\"retryable\":");
        put(body, &told.retryable);
        if let Some(seconds) = told.retry_after {
            body.extend_from_slice(b",\"retryAfter\":");
            put(body, &seconds);
        }
        body.extend_from_slice(b"}}");
    }
}

/// The body of an answer that others share, with the trace id of the request that is working now.
pub(super) fn retraced(body: &[u8], traces: &[usize]) -> Option<Vec<u8>> {
    let trace = RequestRecord::with_current(|record| record.trace().trace_id_hex())?;
    let mut body = body.to_vec();
    for &at in traces {
        if let Some(place) = body.get_mut(at..at + trace.len()) {
            place.copy_from_slice(trace.as_bytes());
        }
    }
    Some(body)
}

pub(in super::super) fn put<T: Serialize + ?Sized>(body: &mut Vec<u8>, value: &T) {
    // Into memory, of types whose keys are text: neither can fail.
    let _ = serde_json::to_writer(body, value);
}

fn told(error: &ServerError) -> Told<'_> {
    let extension = |name| error.extensions.as_ref()?.get(name);
    let code = code(error).unwrap_or(Code::InternalServerError.as_str());
    let retryable = match extension("retryable") {
        Some(Value::Boolean(retryable)) => *retryable,
        _ => Code::named(code).is_some_and(Code::retryable),
    };
    let retry_after = match extension("retryAfter") {
        Some(Value::Number(seconds)) => seconds.as_u64().and_then(|seconds| seconds.try_into().ok()),
        _ => None,
    };
    // What is nowhere in the document has no line.
    let somewhere = error.locations.iter().filter(|at| at.line > 0);
    Told {
        message: &error.message,
        locations: somewhere.map(|at| Location { line: at.line, column: at.column }).collect(),
        path: &error.path,
        code,
        retryable,
        retry_after,
    }
}

fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// An error without a code was not made to be shown: it is logged, and masked.
///
/// Two were, all the same. A `Fault` that came out of a `?` is the error's source. And what async-graphql says about an
/// argument is the caller's to read: it points at the argument, as nothing does that a resolver says.
fn masked(operation: &Operation, variables: &Variables, mut error: ServerError) -> ServerError {
    // What ended all that was asked ended its only root.
    if let ([], [only]) = (error.path.as_slice(), operation.roots.as_slice()) {
        error.path = vec![PathSegment::Field(only.key.to_string())];
        error.locations = vec![only.pos];
    }
    let root = operation.root_of(&error.path).and_then(|at| operation.roots.get(at));
    let of_argument = root.is_some_and(|root| error.path.len() == 1 && error.locations != [root.pos]);
    // An error is at its field, as everywhere.
    if let Some(root) = root
        && error.path.iter().skip(1).all(|step| matches!(step, PathSegment::Index(_)))
        && let Some(pos) = operation.place(root.key.as_str(), variables)
    {
        error.locations = vec![pos];
    }
    if code(&error).is_some() {
        return error;
    }
    let fault = if let Some(fault) = error.source::<Fault>() {
        fault.clone()
    } else if error.source.is_none() && of_argument {
        Fault::bad_input(error.message)
    } else {
        tracing::error!(
            error.message = error.message,
            "a resolver failed with an error that is not made to be shown"
        );
        Fault::internal()
    };
    let mut shown = fault.at(Pos::default(), error.path);
    shown.locations = error.locations;
    shown
}

/// All that async-graphql found.
pub(super) fn mask(operation: &Operation, variables: &Variables, errors: &mut [ServerError]) {
    for error in errors {
        *error = masked(operation, variables, std::mem::replace(error, ServerError::new("", None)));
    }
}
