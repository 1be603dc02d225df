//! What the executor does, seen through its front door: a BFF over fake upstreams, asked over HTTP.

mod accounting;
mod batching;
mod callers;
mod documents;
mod failing;
mod policies;
mod selecting;
mod subscribing;
pub mod world;
