//! The SDK against a node that each test plays itself, so that it can break the
//! connection at every bad moment.

mod books;
mod events;
mod node;
mod output;
mod rest;
mod sessions;
mod signing;
