//! The operations that are under way on a socket, by their ids.

use crate::graphql::answer::Answer;
use futures::{
    StreamExt,
    future::AbortHandle,
    stream::{self, Abortable, BoxStream, SelectAll},
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// All of one socket.
#[derive(Default)]
pub struct Operations {
    by_id: FxHashMap<Arc<str>, AbortHandle>,
    answers: SelectAll<BoxStream<'static, Step>>,
}

/// What an operation did.
pub struct Step {
    pub id: Arc<str>,
    /// None: it is over.
    pub answer: Option<Answer>,
}

impl Operations {
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    pub fn begin(&mut self, id: &str, answers: BoxStream<'static, Answer>) {
        let id: Arc<str> = id.into();
        let (handle, registration) = AbortHandle::new_pair();
        let step = {
            let id = id.clone();
            move |answer| Step { id: id.clone(), answer }
        };
        let steps = answers.map(Some).chain(stream::iter([None])).map(step);
        self.answers.push(Abortable::new(steps, registration).boxed());
        self.by_id.insert(id, handle);
    }

    /// Ends one: its calls, too. No step of it comes any more, and its id is free.
    pub fn end(&mut self, id: &str) {
        if let Some(handle) = self.by_id.remove(id) {
            handle.abort();
        }
    }

    /// What any of them does next; never, if there is none.
    pub async fn next(&mut self) -> Step {
        match self.answers.next().await {
            Some(step) => step,
            None => std::future::pending().await,
        }
    }
}
