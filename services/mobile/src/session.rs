//! Who holds the phone.

use bff::{Fault, RequestContext};

/// A guard: what is one's own needs somebody signed in.
pub fn signed_in(request: &RequestContext) -> Result<(), Fault> {
    request.subject().map(drop)
}
