//! The Rust SDK: typed calls, event streams that resume.
