//! Journeys across services: the real binaries on free ports, with real SQLite, spoken to over HTTP as clients do.

mod apart;
mod callers;
mod crash;
mod dead_upstreams;
mod dev;
mod growth;
pub mod house;
mod import;
mod mobile;
mod owners;
mod partner;
mod resuming;
mod secrets;
mod tls;
mod tracing;
mod web;
mod world;
