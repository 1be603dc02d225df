//! Who is asking: bearer tokens checked against the OpenID provider's keys become one `Caller`.

mod caller;
mod keys;
mod middleware;
mod verifier;

pub use caller::Caller;
pub use jsonwebtoken::jwk::JwkSet;
pub(crate) use middleware::caller;
pub use verifier::{AuthError, Verifier};
