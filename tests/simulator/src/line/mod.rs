//! The line from submission to durable entry, with a disk that forgets: the
//! simulated twin of `engine/journal`.

mod disk;
mod follower;
mod frame;
mod history;
mod node;

pub(crate) use follower::Follower;
pub(crate) use history::{Applied, History};
pub(crate) use node::{Node, Phase, Submission, Voice};
