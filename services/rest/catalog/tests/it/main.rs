//! The catalogue through its front doors: the real `import` command, a real listener, a real SQLite file.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "a test is a client of its own")]

mod artwork;
mod batches;
mod caching;
mod charts;
mod house;
mod import;
mod lists;
mod refusals;
mod search;
