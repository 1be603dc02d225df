//! Whom the web's backend asks. A page that is complete is worth waiting for a little; one that hangs is not.

use bff::Upstream;

/// Artists, albums, tracks, genres, search.
pub const CATALOG: Upstream = Upstream::named("catalog").timeout_ms(1_500);
/// Who people are.
pub const IDENTITY: Upstream = Upstream::named("identity").timeout_ms(1_000);
/// What people keep: playlists, likes, follows.
pub const LIBRARY: Upstream = Upstream::named("library").timeout_ms(1_500).speaks_to_callers();
/// What people do: plays and comments.
pub const ACTIVITY: Upstream = Upstream::named("activity").timeout_ms(1_000).speaks_to_callers();

/// All of them.
pub const ALL: [Upstream; 4] = [CATALOG, IDENTITY, LIBRARY, ACTIVITY];
