//! Sessions of browsers: signing in, staying, signing out; and whatever must not work on the way.

mod browser;
mod ending;
mod forgery;
mod giving_back;
mod lifetimes;
mod login;
mod provider;
mod renewal;
mod replicas;
mod settings;
mod world;
