//! The chassis under a small service of its own: notes that can be written, changed and watched.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "a test is a client of its own")]

mod bodies;
mod events;
mod idempotency;
mod imports;
mod notes;
mod trust;
mod versions;
