//! The platform, tested from outside: real listeners, real HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and calls what it tests"
)]

mod app;
mod auth;
mod client;
mod config;
mod defer;
mod documents;
mod edge;
mod errors;
mod executor;
mod gates;
mod http;
mod keys;
mod operations;
mod process;
mod quota;
mod redis;
mod resilience;
mod session;
mod sharing;
mod subscriptions;
mod telemetry;
mod tls;
mod trusted;
mod vouching;
