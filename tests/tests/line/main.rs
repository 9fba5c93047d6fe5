//! The whole line over the real binary: the requests of the first document, the
//! demo, and the demo with its processes killed.

mod audit;
mod bot;
mod bots;
mod conformance;
mod demo;
mod export;
mod hostile;
mod jobs;
mod kill;
mod load;
mod login;
mod lost;
mod money;
mod process;
mod questions;
mod remote;
mod secure;
mod seed;
mod top;
mod traces;
mod x402;
