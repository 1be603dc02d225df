//! What a field does without its upstream: the policy that an edge names in one word, and the account of where it applied.
//!
//! * `.required()`: the parent means nothing without; the failure goes up to the next place that may be null;
//! * `.soft()`: null and an error. What an edge of a nullable shape does anyway;
//! * `.stale(age)`: the rows that the cache kept, up to that age;
//! * `.or(rows)`: other rows, and no error.
//!
//! A policy is for failures of upstreams: what a caller did wrong, or may not, stays an error.

use super::{Ask, AskEach, Code, Cx, Fault, Question, Row, Scope, Shape};
use async_graphql::PathSegment;
use serde::Serialize;
use std::{sync::Arc, time::Duration};

/// What stands there when an upstream fails.
pub(super) enum Policy<R> {
    /// Null and an error where the shape allows null, else the parent's matter.
    AsShaped,
    /// The rows that were kept, up to this age.
    Stale(Duration),
    /// These rows; none, if there are none.
    Or(Option<Arc<Vec<R>>>),
}

impl<R> Clone for Policy<R> {
    fn clone(&self) -> Self {
        match self {
            Self::AsShaped => Self::AsShaped,
            Self::Stale(up_to) => Self::Stale(*up_to),
            Self::Or(rows) => Self::Or(rows.clone()),
        }
    }
}

impl<R: Row> Policy<R> {
    pub fn is_as_shaped(&self) -> bool {
        matches!(self, Self::AsShaped)
    }

    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Stale(_))
    }

    fn or(rows: impl IntoIterator<Item = R>) -> Self {
        let rows: Vec<R> = rows.into_iter().collect();
        Self::Or((!rows.is_empty()).then(|| Arc::new(rows)))
    }

    /// The rows that stand in for the answer to `question`, which failed, if this policy has some.
    pub fn instead<'p, Q: Question<Row = R>>(
        &self,
        question: &Q,
        fault: &Fault,
        cx: &Cx<'p>,
    ) -> Option<(Vec<&'p R>, Degraded)> {
        if !is_of_upstream(fault) {
            return None;
        }
        match self {
            Self::AsShaped => None,
            Self::Stale(up_to) => {
                let (page, place, age) = cx.loader.kept(question, *up_to)?;
                let rows = cx.arena.keep(page).answer(place).ok()?.collect();
                Some((rows, Degraded::stale(age)))
            }
            Self::Or(rows) => {
                let rows = rows.iter().flat_map(|rows| cx.arena.keep(rows.clone())).collect();
                Some((rows, Degraded { policy: "default", age: None }))
            }
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

    /// Rows of then, because there are none of now.
    pub fn stale(age: Duration) -> Self {
        Self { policy: "stale", age: Some(age) }
    }
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

impl<Q: Question, S: Shape> Ask<Q, S> {
    /// The rows that the cache kept, when an upstream fails, if they are not older than this; else as without a policy.
    /// How old they are is told in `extensions.degraded`. It compiles for public questions alone: a caller's rows are not
    /// kept. Nor are those whose upstream forbids it (`no-store`), or says that they must not be used past their time.
    #[must_use]
    pub fn stale(mut self, up_to: Duration) -> Self {
        const { assert!(matches!(Q::SCOPE, Scope::Public), "the rows of a caller's question are not kept") };
        self.policy = Policy::Stale(up_to);
        self
    }
}

impl<Q: Question> AskEach<Q> {
    /// For each question that fails the rows that the cache kept, as [`Ask::stale`] does.
    #[must_use]
    pub fn stale(mut self, up_to: Duration) -> Self {
        const { assert!(matches!(Q::SCOPE, Scope::Public), "the rows of a caller's question are not kept") };
        self.policy = Policy::Stale(up_to);
        self
    }

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
