//! The kit's own tests, differential tests of the executor, the walls, and journeys across services.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod differential;
mod journeys;
mod the_kit;
mod walls;
