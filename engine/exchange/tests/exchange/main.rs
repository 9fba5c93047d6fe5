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
mod operating;
mod picture;
mod script;
mod standing;
mod words;

mod accrual;
mod ahead;
mod bounds;
mod budgets;
mod capacity;
mod changes;
mod checks;
mod continued;
mod debts;
mod directed;
mod draining;
mod explaining;
mod failover;
mod filters;
mod fuzzed;
mod gangs;
mod golden;
mod hostile;
mod keys;
mod leases;
mod mandates;
mod moves;
mod operator;
mod oracle;
mod orders;
mod priority;
mod proof;
mod rehearsal;
mod restored;
mod runway;
mod settlement;
mod signatures;
mod spot_checks;
mod standbys;
mod streams;
mod third_runs;
mod timers;
mod topups;
mod trust;
mod trust_books;
mod verification;
mod withdrawals;
