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

/// Counts what is allocated: a request may take only so much of it (`validation/bounds.rs`).
#[global_allocator]
static COUNTING: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;
