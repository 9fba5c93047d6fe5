//! Strategies on the real engine, in process and over recorded logs.

mod floor;
mod maker;
mod own;
mod replay;
mod tenant;
