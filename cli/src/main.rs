//! The one binary: the composition root.
fn main() {}
