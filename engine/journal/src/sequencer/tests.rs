//! Commands in, entries out, by a clock that stands still until it is told.
