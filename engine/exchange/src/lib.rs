//! The matching core: one deterministic state machine.
