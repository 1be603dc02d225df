//! Whom this BFF asks: the catalogue alone, because nothing else is public.

use bff::Upstream;

/// Patient: a partner's job that fetches the catalogue at night would rather wait than start again.
pub const CATALOG: Upstream = Upstream::named("catalog").timeout_ms(3_000);
