//! Checks and tools of the repository, in Rust.
fn main() {}
