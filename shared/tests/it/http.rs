//! GraphQL over HTTP, seen from outside: statuses, media types, what is malformed, what a browser may not send.

mod clients;
mod forgery;
mod malformed;
mod methods;
mod negotiation;
mod personas;
mod world;
