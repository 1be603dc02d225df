//! The kit's own tests, the differential tests of the executor, and journeys across services.
#![expect(clippy::expect_used, reason = "a test may panic")]

mod differential;
mod the_kit;
