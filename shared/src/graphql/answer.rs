//! Writes a response: data in document order with nulls settled at the root, errors masked, each with a code.

mod errors;

use self::errors::Errors;
pub(super) use self::errors::put;
use super::{document::Refusal, run::Ran};
use crate::fanout::{Code, Completing, DegradedAt, Fanout, Keep, Operation, RAW, RootField, Stats, raw_text};
use crate::quota::{Cost, RateHeaders, Refused};
use async_graphql::{PathSegment, Response, ServerError, Value, Variables};
use bytes::Bytes;
use http::StatusCode;
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
    /// Whether it may be given again to anybody who asks the same. None: it is its caller's own; or nobody wanted to know.
    pub keep: Option<Keep>,
    /// Clients of some other version get another.
    pub told_apart: bool,
    /// By policy, how many places are less than they should be. An answer with any is no answer to keep for others.
    pub degraded: BTreeMap<&'static str, u64>,
    /// Where the client stands, if it has a quota.
    pub(crate) rate: Option<Box<RateHeaders>>,
    /// Where in the body the trace id of its errors stands, for each of them.
    pub(super) traces: Vec<usize>,
    /// The body ends with `extensions`.
    pub(super) extended: bool,
    /// One of several that make up an answer.
    pub(super) part: bool,
}

type Cow = std::borrow::Cow<'static, str>;

impl Answer {
    /// For the request that is working now: errors of an answer that was made for another tell this one's trace id.
    pub fn of_this_request(&self) -> Self {
        let mut answer = self.clone();
        if !self.traces.is_empty()
            && let Some(body) = errors::retraced(&self.body, &self.traces)
        {
            answer.body = body.into();
        }
        answer
    }

    /// One of several that make up an answer; what is to be noted of them is.
    pub(super) fn part(body: Bytes) -> Self {
        Self {
            body,
            verdict: Verdict::Executed { errors: false },
            codes: Vec::new(),
            keep: None,
            told_apart: false,
            rate: None,
            degraded: BTreeMap::new(),
            traces: Vec::new(),
            extended: false,
            part: true,
        }
    }

    /// Tells something beside data and errors: a member of `extensions`, in JSON.
    pub(super) fn extend(&mut self, name: &str, value: &str) {
        let (end, before, after) =
            if self.extended { ("}}", ",", "}}") } else { ("}", ",\"extensions\":{", "}}") };
        let Some(start) = self.body.strip_suffix(end.as_bytes()) else { return };
        self.body =
            [start, before.as_bytes(), format!("\"{name}\":{value}{after}").as_bytes()].concat().into();
        self.extended = true;
    }

    /// The list of errors alone: all that there is of an answer that is refused.
    pub(super) fn errors(&self) -> &[u8] {
        let Some(list) = self.body.strip_prefix(b"{\"errors\":") else { return b"[]" };
        // What is told beside them is the last that is there; in a text, quotation marks are escaped.
        let beside = b",\"extensions\":{";
        let end =
            if self.extended { list.windows(beside.len()).rposition(|here| here == beside) } else { None };
        let end = end.unwrap_or(list.len().saturating_sub(1));
        list.get(..end).unwrap_or(b"[]")
    }

    /// Where the request is refused, its reason's; else there is an answer.
    pub fn status(&self) -> StatusCode {
        match self.verdict {
            Verdict::Executed { .. } => StatusCode::OK,
            Verdict::Refused => {
                let code = self.codes.first().and_then(|code| Code::named(code));
                code.and_then(Code::status).unwrap_or(StatusCode::BAD_REQUEST)
            }
        }
    }
}

/// A refused request.
pub fn refused(refusals: &[Refusal]) -> Answer {
    let mut body = b"{".to_vec();
    let faults = refusals.iter().map(|Refusal { fault, at }| (fault, *at));
    let Errors { codes, traces } = Errors::of_faults(faults, &mut body);
    body.push(b'}');
    Answer {
        body: body.into(),
        verdict: Verdict::Refused,
        codes,
        keep: None,
        told_apart: false,
        rate: None,
        degraded: BTreeMap::new(),
        traces,
        extended: false,
        part: false,
    }
}

/// A request that is refused for what it costs.
pub fn unaffordable(refused: &Refused) -> Answer {
    let mut answer = self::refused(&[Refusal { fault: refused.fault.clone(), at: None }]);
    if let Some(cost) = &refused.cost {
        answer.body = with_cost(&answer.body, cost);
        answer.extended = true;
        let retry_after = refused.fault.retry_after.map(std::num::NonZeroU16::get);
        answer.rate = Some(Box::new(RateHeaders { standing: cost.standing.clone(), retry_after }));
    }
    answer
}

/// What an operation would cost, instead of its answer.
pub fn priced(cost: &Cost) -> Answer {
    Answer {
        body: with_cost(b"{\"data\":null}", cost),
        verdict: Verdict::Executed { errors: false },
        codes: Vec::new(),
        keep: None,
        told_apart: false,
        rate: Some(Box::new(RateHeaders { standing: cost.standing.clone(), retry_after: None })),
        degraded: BTreeMap::new(),
        traces: Vec::new(),
        extended: true,
        part: false,
    }
}

/// A response that is whole, and what it costs besides.
fn with_cost(body: &[u8], cost: &Cost) -> Bytes {
    let mut body = body.to_vec();
    body.pop();
    body.extend_from_slice(b",\"extensions\":{\"cost\":");
    put(&mut body, cost);
    body.extend_from_slice(b"}}");
    body.into()
}

/// The response of an operation that ran.
pub fn executed(operation: &Operation, variables: &Variables, ran: Ran, stats: &Stats) -> Answer {
    begin(operation, variables, ran).end(operation, stats)
}

/// A response whose last brace is still to come.
pub struct Beginning {
    pub body: Vec<u8>,
    /// False, if data as a whole is null.
    pub whole: bool,
    pub codes: Vec<Cow>,
    verdict: Verdict,
    traces: Vec<usize>,
}

/// Data and errors of an operation that ran.
pub fn begin(operation: &Operation, variables: &Variables, mut ran: Ran) -> Beginning {
    errors::mask(operation, variables, &mut ran.errors);
    let roots = operation.selected(variables);
    let (mut body, whole) = match alone(&roots, &mut ran.values) {
        Some(body) => (body, true),
        None => {
            let mut body = Vec::with_capacity(size(&ran.values) + 128);
            body.extend_from_slice(OPENING);
            let whole = data(&roots, &mut ran, &mut body);
            (body, whole)
        }
    };
    let errors = !ran.errors.is_empty();
    let mut told = Errors::default();
    if errors {
        body.push(b',');
        told = Errors::of_fields(operation, ran.errors, &mut body);
    }
    let Errors { codes, traces } = told;
    Beginning { body, whole, codes, verdict: Verdict::Executed { errors }, traces }
}

impl Beginning {
    /// The whole of it, with what else is told.
    pub fn end(self, operation: &Operation, stats: &Stats) -> Answer {
        let Self { mut body, whole, codes, verdict, traces } = self;
        let told = Told::of(operation, stats, whole);
        told.put(&mut body);
        body.push(b'}');
        let (degraded, extended) = (told.degraded(), !told.is_empty());
        Answer {
            body: body.into(),
            verdict,
            codes,
            keep: None,
            told_apart: false,
            rate: None,
            degraded,
            traces,
            extended,
            part: false,
        }
    }
}

/// What the last of an answer's parts tells of all of them, and how many of their places are degraded.
pub fn told(operation: &Operation, stats: &Stats, body: &mut Vec<u8>) -> BTreeMap<&'static str, u64> {
    let told = Told::of(operation, stats, true);
    told.put(body);
    told.degraded()
}

/// Data by itself, and errors that can be shown. None: a root is null that may not be.
pub fn part(operation: &Operation, variables: &Variables, mut ran: Ran) -> (Option<Bytes>, Vec<ServerError>) {
    errors::mask(operation, variables, &mut ran.errors);
    let mut body = Vec::with_capacity(size(&ran.values) + 128);
    let whole = data(&operation.selected(variables), &mut ran, &mut body);
    (whole.then(|| body.into()), ran.errors)
}

/// `"errors":[…]`, of errors that can be shown. Returns their codes.
pub fn errors(operation: &Operation, errors: Vec<ServerError>, body: &mut Vec<u8>) -> Vec<Cow> {
    Errors::of_fields(operation, errors, body).codes
}

/// What a response tells beside data and errors.
#[derive(Serialize)]
struct Told {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degraded: Vec<DegradedAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fanout: Option<Fanout>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

impl Told {
    /// Of an answer that has data, or has not.
    fn of(operation: &Operation, stats: &Stats, whole: bool) -> Self {
        let mut degraded = stats.take_degraded();
        if !whole {
            degraded.clear();
        }
        degraded.sort_by_key(|degraded| operation.root_of(&degraded.path));
        Self { degraded, fanout: stats.fanout(), cost: stats.take_cost() }
    }

    fn is_empty(&self) -> bool {
        self.degraded.is_empty() && self.fanout.is_none() && self.cost.is_none()
    }

    fn put(&self, body: &mut Vec<u8>) {
        if !self.is_empty() {
            body.extend_from_slice(b",\"extensions\":");
            put(body, self);
        }
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
fn alone(roots: &[&RootField], values: &mut [Option<Value>]) -> Option<Vec<u8>> {
    let ([root], [Some(Value::Object(value))]) = (roots, values) else { return None };
    let Value::Binary(text) = value.get_mut(RAW)? else { return None };
    // Anything but an object or a list may bear on what is around it.
    if !matches!(text.first(), Some(b'{' | b'[')) || root.ty.renaming().is_some() {
        return None;
    }
    let mut body = Vec::from(std::mem::take(text));
    let before = OPENING.iter().chain(b"{").chain(&root.lead);
    drop(body.splice(..0, before.copied()));
    body.push(b'}');
    Some(body)
}

/// A subscription's response that says why it has no events.
pub fn refused_at(operation: &Operation, variables: &Variables, mut response: Response) -> Answer {
    errors::mask(operation, variables, &mut response.errors);
    let mut body = b"{".to_vec();
    let Errors { codes, traces } = Errors::of_fields(operation, response.errors, &mut body);
    body.push(b'}');
    Answer {
        body: body.into(),
        verdict: Verdict::Refused,
        codes,
        degraded: BTreeMap::new(),
        traces,
        keep: None,
        told_apart: false,
        extended: false,
        part: false,
        rate: None,
    }
}

fn size(values: &[Option<Value>]) -> usize {
    values.iter().flatten().map(|value| raw_text(value).map_or(256, Bytes::len) + 32).sum()
}

/// False, if data as a whole is null.
fn data(roots: &[&RootField], ran: &mut Ran, body: &mut Vec<u8>) -> bool {
    let start = body.len();
    body.push(b'{');
    for (at, root) in roots.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&root.lead);
        let value = ran.values.get(at).and_then(Option::as_ref);
        if !put_root(root, value, &mut ran.errors, body) {
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
fn put_root(
    root: &RootField,
    value: Option<&Value>,
    errors: &mut Vec<ServerError>,
    body: &mut Vec<u8>,
) -> bool {
    let path = vec![PathSegment::Field(root.key.to_string())];
    Completing { pos: root.pos, path, errors, logs: true }.put(value, &root.ty, body)
}
