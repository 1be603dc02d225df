//! Which answers are worth compressing, and how hard.

use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{And, NotForContentType, Predicate, SizeAbove},
    },
};

/// Shorter answers fill one packet either way.
const WORTH_IT: u64 = 1024;

/// Of zstd, Brotli and gzip alike: beyond it each per cent of size costs more time than a network takes for it.
const LEVEL: i32 = 4;

/// Tells whether an answer is to be compressed. Events and parts leave one by one, and an encoder would hold them back.
pub(super) type Worth = And<And<And<SizeAbove, NotForContentType>, NotForContentType>, NotForContentType>;

pub(super) fn worth() -> Worth {
    SizeAbove::new(WORTH_IT)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("multipart/"))
        .and(NotForContentType::IMAGES)
}

/// In what the caller prefers; of what it likes equally, zstd before Brotli before gzip, the fastest first.
pub(super) fn layer() -> CompressionLayer<Worth> {
    CompressionLayer::new().quality(CompressionLevel::Precise(LEVEL)).compress_when(worth())
}
