//! The connection's edge, seen from outside: what is too long, too slow or too much of it, and how it ends.

mod bodies;
mod compressing;
mod connections;
mod draining;
mod heads;
mod http2;
mod slow_readers;
mod turns;
mod unread;
mod world;
