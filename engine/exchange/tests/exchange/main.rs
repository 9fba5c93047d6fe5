//! The exchange from outside: every test drives `Exchange::apply` with entries
//! as a sequencer would write them, and after every entry checks what must
//! always hold.
//!
//! Scenarios are pictures: commands, the events that follow, books and money as
//! tables. Streams are random commands, compared with a slow oracle that was
//! written from the design alone.

mod desk;
mod invariants;

mod cast;
mod picture;
mod script;
mod words;

mod capacity;
mod directed;
mod filters;
mod golden;
mod hostile;
mod leases;
mod oracle;
mod orders;
mod priority;
mod proof;
mod settlement;
mod streams;
mod timers;
mod withdrawals;
