//! Documents that clients registered or stored: which run, by which names, and what becomes of the others.

mod automatic;
mod manifests;
mod modes;
mod reload;
mod wire;
mod world;
