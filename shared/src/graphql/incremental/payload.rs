//! The JSON of what is told after the first part, in either form.

use super::super::answer;
use crate::fanout::{Completed, Delivered, Form, Operation, Payload, Promised, Usage};
use async_graphql::{PathSegment, ServerError};
use serde::Serialize;
use std::borrow::Cow;

#[derive(Serialize)]
struct Pending<'a> {
    id: Id,
    path: &'a [PathSegment],
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

/// A number, as the text that it is to clients.
struct Id(u32);

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Ends the first part, which is open yet.
pub fn open(form: Form, payload: &Payload, body: &mut Vec<u8>) {
    if form == Form::Current {
        body.push(b',');
        pending(&payload.pending, body);
    }
    body.extend_from_slice(b",\"hasNext\":true}");
}

fn pending(promised: &[Promised], body: &mut Vec<u8>) {
    let pending: Vec<_> = promised
        .iter()
        .map(|Promised { id, path, usage }| Pending { id: Id(*id), path, label: usage.label() })
        .collect();
    body.extend_from_slice(b"\"pending\":");
    answer::put(body, &pending);
}

/// Tells a payload, without the braces around it. Returns the codes of its errors.
pub fn put(
    form: Form,
    payload: Payload,
    operation: &Operation,
    body: &mut Vec<u8>,
) -> Vec<Cow<'static, str>> {
    let mut put = Put { operation, body, codes: Vec::new() };
    let has_next = payload.has_next;
    match form {
        Form::Current => put.current(payload),
        Form::Former => put.former(payload),
    }
    let codes = put.codes;
    body.extend_from_slice(if has_next { b"\"hasNext\":true" } else { b"\"hasNext\":false" });
    codes
}

struct Put<'a> {
    operation: &'a Operation,
    body: &'a mut Vec<u8>,
    codes: Vec<Cow<'static, str>>,
}

impl Put<'_> {
    fn current(&mut self, payload: Payload) {
        if !payload.pending.is_empty() {
            pending(&payload.pending, self.body);
            self.text(",");
        }
        if !payload.incremental.is_empty() {
            self.text("\"incremental\":");
            self.list(payload.incremental, |put, Delivered { id, path, of_fragment, data, errors, .. }| {
                put.field("{\"id\":", &Id(id));
                if let Some(sub_path) = path.get(of_fragment..).filter(|path| !path.is_empty()) {
                    put.field(",\"subPath\":", sub_path);
                }
                put.text(",\"data\":");
                put.body.extend_from_slice(&data);
                put.errors(errors);
            });
            self.text(",");
        }
        if !payload.completed.is_empty() {
            self.text("\"completed\":");
            self.list(payload.completed, |put, Completed { id, errors, .. }| {
                put.field("{\"id\":", &Id(id));
                put.errors(errors);
            });
            self.text(",");
        }
    }

    /// Each fragment has one part, which is all that it selects; one that failed is null.
    fn former(&mut self, payload: Payload) {
        let failed = payload.completed.into_iter().filter(|completed| !completed.errors.is_empty());
        let items = payload
            .incremental
            .into_iter()
            .map(|Delivered { usage, path, data, errors, .. }| (usage, path, Some(data), errors))
            .chain(failed.map(|Completed { usage, path, errors, .. }| (usage, path, None, errors)));
        let items: Vec<_> = items.collect();
        if items.is_empty() {
            return;
        }
        self.text("\"incremental\":");
        self.list(items, |put, (usage, path, data, errors)| {
            put.text("{\"data\":");
            put.body.extend_from_slice(data.as_deref().unwrap_or(b"null"));
            put.field(",\"path\":", &path[..]);
            put.label(&usage);
            put.errors(errors);
        });
        self.text(",");
    }

    fn label(&mut self, usage: &Usage) {
        if let Some(label) = usage.label() {
            self.field(",\"label\":", label);
        }
    }

    /// Objects whose closing braces are still to come.
    fn list<T>(&mut self, items: Vec<T>, item: impl Fn(&mut Self, T)) {
        self.text("[");
        for (at, one) in items.into_iter().enumerate() {
            if at > 0 {
                self.text(",");
            }
            item(self, one);
            self.text("}");
        }
        self.text("]");
    }

    fn errors(&mut self, errors: Vec<ServerError>) {
        if !errors.is_empty() {
            self.text(",");
            self.codes.extend(answer::errors(self.operation, errors, self.body));
        }
    }

    fn field<T: Serialize + ?Sized>(&mut self, lead: &str, value: &T) {
        self.text(lead);
        answer::put(self.body, value);
    }

    fn text(&mut self, text: &str) {
        self.body.extend_from_slice(text.as_bytes());
    }
}
