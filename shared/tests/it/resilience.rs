//! What holds while an upstream is sick: with two real ones behind a BFF, one of them ill in every way there is.

mod alone;
mod bodies;
mod bulkhead;
mod dead;
mod limits;
mod repeating;
mod sick;
mod symptoms;
mod telling;
mod world;
