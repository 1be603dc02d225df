//! Who is asking: whatever credential a request brings becomes one `Caller`.

mod authenticator;
mod caller;
mod discovery;
mod fetcher;
pub(crate) mod internal;
pub mod key;
mod keys;
mod middleware;
mod refusal;
mod scope;
mod session;
mod verifier;

pub use authenticator::Authenticator;
pub use caller::Caller;
pub use jsonwebtoken::jwk::JwkSet;
pub(crate) use middleware::caller;
pub use refusal::AuthError;
pub use scope::{HasScope, RequiresScope};
pub(crate) use session::{Sessions, is_own_path};
pub use verifier::Verifier;
