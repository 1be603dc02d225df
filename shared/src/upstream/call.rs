//! One HTTP request to an upstream, which may have to be sent more than once.

use crate::auth::internal::Whom;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;

/// What is asked of an upstream, and where.
pub(crate) struct Call {
    pub method: Method,
    pub uri: Uri,
    /// As whom it is made. What says so is signed for each attempt, so that a call that waited is not too late.
    pub whom: Whom,
    /// Those that this call has of its own.
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    /// Without headers and body.
    pub fn new(method: Method, uri: Uri, whom: Whom) -> Self {
        Self { method, uri, whom, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Made for a caller, who may be nobody.
    pub fn is_a_callers(&self) -> bool {
        matches!(self.whom, Whom::Caller(_))
    }

    /// What is sent, for one attempt.
    pub(super) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}
