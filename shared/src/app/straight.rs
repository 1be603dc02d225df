//! The one path that nearly all requests take, told from all others before they are matched.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use futures::future::BoxFuture;
use http::Method;

/// A method and a path whose handler is called as it is, behind the same layers as any other. A router clones and boxes
/// what it leads to, and keeps what it matched, for every request: that costs as much as many a request's own work.
#[derive(Clone)]
pub struct Straight {
    method: Method,
    path: &'static str,
    handler: Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>,
}

impl Straight {
    /// `path` as it stands in the URL: nothing in it is a parameter.
    pub fn new(
        method: Method,
        path: &'static str,
        handler: impl Fn(Request) -> BoxFuture<'static, Response> + Send + Sync + 'static,
    ) -> Self {
        Self { method, path, handler: Arc::new(handler) }
    }

    pub(super) fn leads(&self, request: &Request) -> bool {
        request.uri().path() == self.path && *request.method() == self.method
    }

    pub(super) fn path(&self) -> &'static str {
        self.path
    }

    pub(super) fn call(&self, request: Request) -> BoxFuture<'static, Response> {
        (self.handler)(request)
    }
}
