//! What a field does without its upstream: the policy that an edge names in one word, and the account of where it applied.
//!
//! * `.required()`: the parent means nothing without; the failure goes up to the next place that may be null;
//! * `.soft()`: null and an error. What an edge of a nullable shape does anyway;
//! * `.or(rows)`: other rows, and no error.
//!
//! A policy is for failures of upstreams: what a caller did wrong, or may not, stays an error.

use super::{Arena, Ask, AskEach, Code, Fault, Question, Row, Shape};
use async_graphql::PathSegment;
use serde::Serialize;
use std::{sync::Arc, time::Duration};

/// What stands there when an upstream fails.
pub(super) enum Policy<R> {
    /// Null and an error where the shape allows null, else the parent's matter.
    AsShaped,
    /// These rows; none, if there are none.
    Or(Option<Arc<Vec<R>>>),
}

impl<R> Clone for Policy<R> {
    fn clone(&self) -> Self {
        match self {
            Self::AsShaped => Self::AsShaped,
            Self::Or(rows) => Self::Or(rows.clone()),
        }
    }
}

impl<R: Row> Policy<R> {
    pub fn is_as_shaped(&self) -> bool {
        matches!(self, Self::AsShaped)
    }

    fn or(rows: impl IntoIterator<Item = R>) -> Self {
        let rows: Vec<R> = rows.into_iter().collect();
        Self::Or((!rows.is_empty()).then(|| Arc::new(rows)))
    }

    /// The rows that stand in for what failed, if this policy has some.
    pub fn instead<'p>(&self, fault: &Fault, arena: &'p Arena) -> Option<(&'p [R], Degraded)> {
        match self {
            Self::Or(rows) if is_of_upstream(fault) => {
                let rows = rows.as_ref().map_or(&[][..], |rows| arena.keep(rows.clone()).as_slice());
                Some((rows, Degraded { policy: "default", age: None }))
            }
            _ => None,
        }
    }
}

/// A service behind this one is the reason: this is what policies are for.
pub(super) fn is_of_upstream(fault: &Fault) -> bool {
    matches!(fault.code, Code::UpstreamUnavailable | Code::UpstreamBadResponse | Code::DeadlineExceeded)
}

/// How an answer is less than it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Degraded {
    /// The policy that applied: `soft`, `default`, `stale`.
    pub policy: &'static str,
    /// How old what stands there is.
    pub age: Option<Duration>,
}

impl Degraded {
    /// Null, and an error at the same path.
    pub const SOFT: Self = Self { policy: "soft", age: None };
}

/// An item of `extensions.degraded`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DegradedAt {
    pub path: Vec<PathSegment>,
    pub policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// Where in the text it stands: when that is taken back, so is this.
    #[serde(skip)]
    pub at: usize,
}

impl<Q: Question, S: Shape> Ask<Q, S> {
    /// Says that the parent means nothing without an answer: a failure goes up to the next place that may be null. It
    /// compiles for shapes that are not null alone ([`One`](super::One), [`Many`](super::Many)), so that word and schema
    /// agree.
    #[must_use]
    pub fn required(self) -> Self {
        const {
            assert!(!S::NULLABLE, "a required edge has a shape that is not null: Ask<_, One> or Ask<_, Many>")
        };
        self
    }

    /// Says that the rest is worth having without an answer: null, and an error at this path. It compiles for shapes
    /// that may be null alone, so that word and schema agree.
    #[must_use]
    pub fn soft(self) -> Self {
        const {
            assert!(
                S::NULLABLE,
                "a soft edge has a shape that may be null: Ask<_, Maybe>, Ask<_, OptionalMany>"
            )
        };
        self
    }

    /// These rows instead, when an upstream fails, and no error: `.or([])` for none. What was replaced is told in
    /// `extensions.degraded`.
    #[must_use]
    pub fn or(mut self, rows: impl IntoIterator<Item = Q::Row>) -> Self {
        self.policy = Policy::or(rows);
        self
    }
}

impl<Q: Question> AskEach<Q> {
    /// These rows instead, as the whole list, when an upstream fails, and no error: `.or([])` for none. What was
    /// replaced is told in `extensions.degraded`.
    #[must_use]
    pub fn or(mut self, rows: impl IntoIterator<Item = Q::Row>) -> Self {
        self.policy = Policy::or(rows);
        self
    }
}

/// Of places of a level, those whose answer is less than it should be. Mostly none.
#[derive(Default)]
pub(super) struct Marks(Vec<(usize, Degraded)>);

impl Marks {
    /// Places are marked in ascending order.
    pub fn put(&mut self, place: usize, degraded: Degraded) {
        self.0.push((place, degraded));
    }

    pub fn of(&self, place: usize) -> Option<Degraded> {
        let at = self.0.binary_search_by_key(&place, |(at, _)| *at).ok()?;
        self.0.get(at).map(|(_, degraded)| *degraded)
    }
}
