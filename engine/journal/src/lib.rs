//! The log of commands: batches, durability, recovery, the sequencer.
