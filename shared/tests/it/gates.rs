//! Fields and enums' values that are there since a version of the applications.

mod answers;
mod sharing;
mod starting;
mod streaming;
mod world;
