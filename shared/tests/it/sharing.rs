//! What requests share and what they never do, seen from outside: calls are counted, answers held back by gates.

mod caching;
mod callers;
mod joining;
mod pages;
mod random;
mod room;
mod stale;
pub mod world;
mod writing;
