//! What the executor does, seen through its front door: a BFF over fake upstreams, asked over HTTP.

mod accounting;
mod batching;
mod bounds;
mod callers;
mod documents;
mod each;
mod failing;
mod policies;
mod selecting;
mod subscribing;
mod unshared;
mod values;
pub mod world;
mod worst;
