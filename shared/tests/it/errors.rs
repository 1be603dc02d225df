//! Every error of every response: its code, the request's own trace id, whether to try again; nothing of the inside; and
//! the server goes on.

mod everywhere;
mod panics;
mod shared;
mod world;
mod writes;
