//! HTTP, WebSocket and event streams in front of the sequencer.
