//! What the platform does, seen through its front door: a BFF over fake upstreams, asked over HTTP.

mod kit_itself;
