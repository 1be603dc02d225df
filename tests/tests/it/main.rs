//! The kit's own tests, and journeys across services.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod the_kit;
mod walls;
