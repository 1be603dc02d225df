//! Operations over WebSocket and over server-sent events, and the upstreams' streams behind them.

mod anew;
mod breaking;
mod ends;
mod lagging;
mod limits;
mod protocol;
mod random;
mod rights;
mod sharing;
mod sse;
pub mod world;
