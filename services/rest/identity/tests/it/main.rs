//! The identity service as its callers see it: over HTTP, with real SQLite files and its own tokens.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and is the caller that makes its own requests"
)]

mod account;
mod keys;
mod profiles;
mod sign_in;
mod sign_out;
mod tokens;
mod world;
