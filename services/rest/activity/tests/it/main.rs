//! The activity service as its callers see it: over HTTP, with real SQLite files and real tokens.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and is the caller that makes its own requests"
)]

mod bad_input;
mod comments;
mod durability;
mod events;
mod imports;
mod plays;
mod process;
mod provider;
mod stream;
mod world;
