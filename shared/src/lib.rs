//! The platform under every backend for frontends: serving, configuration, telemetry, tokens; mechanism only.

pub mod app;
pub mod auth;
pub mod config;
pub mod telemetry;
