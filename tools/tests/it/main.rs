//! The `bff` command, tested as a process.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod budgets;
mod dev;
