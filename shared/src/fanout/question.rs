//! What a question is: the contract between an edge and the REST call that answers it.

use super::{Fault, Key, Page, Row, Shape};
use crate::upstream::{Reply, Upstream};
use std::{fmt::Debug, hash::Hash};

/// Who may share an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Asked with the BFF's own identity: the same for every caller.
    Public,
    /// Asked as the caller: never another caller's.
    Caller,
}

impl Scope {
    /// Of an answer that needs both: public only if both are.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Public, Self::Public) => Self::Public,
            _ => Self::Caller,
        }
    }
}

/// How the questions of a batch become calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// One call for as many keys.
    Batch,
    /// The upstream has no batch read: one call a key, at most so many at once.
    Each {
        /// At most so many of this page's calls are under way at once.
        at_once: usize,
    },
}

/// A question to an upstream: pure data. `#[question]` writes this for a documented newtype.
///
/// Two questions meet in a batch if they are of the same type and the same *group* (whatever must be equal for one
/// call to answer both, such as a per-key limit); the *key* tells them apart in it, and leads rows back to them.
pub trait Question: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// What answers it.
    type Row: Row;
    /// How many rows do, unless the asker says otherwise.
    type Shape: Shape;

    /// As it appears in logs.
    const NAME: &'static str;
    /// Who answers.
    const UPSTREAM: Upstream;
    /// Who may share the answer.
    const SCOPE: Scope;
    /// One call for many, or one each.
    const CALL: Call;
    /// At most so many keys a page; pages also end where the URL would grow past [`Upstream::max_url`].
    const PAGE: usize;

    /// What tells this question from its neighbours in a batch.
    fn key(&self) -> Key<'_>;
    /// May stand in one call with `other`.
    fn same_group(&self, other: &Self) -> bool;
    /// Appends path and query, for all keys of one call. They are of one group, and there is at least one.
    fn url(keys: &[Self], url: &mut String);
    /// Reads the rows of a successful answer back to the keys that asked for them.
    ///
    /// # Errors
    /// The body is not what was asked for; the text is for the log.
    fn read(keys: &[Self], reply: &Reply) -> Result<Page<Self>, String>;
    /// What an answer 404 means: by default, that none of these exists.
    fn absent(keys: &[Self]) -> Result<Page<Self>, Fault> {
        Ok(Page::empty(keys.len()))
    }
    /// What an answer 400 means, if it is the client's doing and not ours: a cursor that the upstream did not give.
    fn refused(keys: &[Self], reply: &Reply) -> Option<Fault> {
        let _ = (keys, reply);
        None
    }
}
