//! What requests share and what they never do, seen from outside: calls are counted, answers held back by gates.

mod caching;
mod callers;
mod joining;
mod random;
mod stale;
mod world;
mod writing;
