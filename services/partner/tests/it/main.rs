//! The partner API through its front door: what partners are answered, and what the catalogue is asked for it.
#![expect(clippy::expect_used, reason = "a test may panic")]

mod calls;
mod codes;
mod contract;
mod credentials;
mod failures;
mod nodes;
mod pages;
mod world;
