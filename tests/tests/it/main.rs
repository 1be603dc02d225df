//! The kit's own tests, differential and completion tests of the executor, published suites, the walls, and journeys across services.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod completion;
mod conformance;
mod differential;
mod journeys;
mod judge;
mod the_kit;
mod validation;
mod walls;
