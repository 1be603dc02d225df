//! The kit's own tests, and journeys across services.

mod the_kit;
