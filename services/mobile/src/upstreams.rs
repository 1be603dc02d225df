//! Whom this backend asks, and how long a phone waits for each.

use bff::Upstream;

/// Read-mostly and cached: a phone would rather see a gap than wait.
pub const CATALOG: Upstream = Upstream::named("catalog").timeout_ms(600);
/// Names of people; nothing on a screen hangs on them.
pub const IDENTITY: Upstream = Upstream::named("identity").timeout_ms(400);
/// What the user keeps; writes go here, too, and are worth waiting for.
pub const LIBRARY: Upstream = Upstream::named("library").timeout_ms(1_000).speaks_to_callers();
/// Counts and history. A batch of play reports from a long flight is the slowest call of all.
pub const ACTIVITY: Upstream = Upstream::named("activity").timeout_ms(1_000).speaks_to_callers();

/// All of them.
pub const ALL: [Upstream; 4] = [CATALOG, IDENTITY, LIBRARY, ACTIVITY];
