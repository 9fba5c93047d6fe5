//! The JSON shapes of the outside, parsed once into the domain.
//!
//! What clients send is read by [`json::parse`] into the shapes of
//! [`request`], whose `parse` gives commands of the exchange; every failure
//! names the field by its JSON path. What the node answers are the shapes of
//! [`response`], [`event`], [`frame`], [`channel`] and [`errors`]; [`command`] is how the log
//! is shown. Nothing here has effects:
//! no clock, no network, no disk.

pub mod address;
pub mod book;
pub mod channel;
pub mod command;
pub mod day;
pub mod errors;
pub mod event;
pub mod frame;
pub mod json;
pub mod price;
pub mod proof;
pub mod request;
pub mod response;
pub mod sdl;

mod scalar;
mod schema;
mod uptime;
mod verify;

pub use berth_domain as domain;
