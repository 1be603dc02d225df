//! What the executor does, seen through its front door: a BFF over fake upstreams, asked over HTTP.

mod batching;
mod callers;
mod documents;
mod failing;
mod selecting;
mod subscribing;
mod world;
