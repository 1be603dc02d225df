//! `@defer`: answers in parts, in both published forms.

mod clients;
mod delivering;
mod failing;
mod forms;
mod leaving;
mod refusing;
mod streaming;
mod world;
