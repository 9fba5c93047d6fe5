//! File descriptors: every connection takes one, and so do the databases.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// What a node opens besides connections: files of its databases, sockets of its
/// own followers.
const OTHERS: u64 = 1_024;

/// Raises the soft limit to the hard one, as servers do: the usual 1,024 would
/// be gone with a thousand idle clients, and the node's own settler with them.
pub(super) fn raise(connections: u64) {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        warn!(%error, ?limit, "the limit of open files stays as it is");
    }
    if let Some(files) = limit.maximum.filter(|files| *files < connections + OTHERS) {
        warn!(files, connections, "the system lets this process open fewer files than limits.connections needs");
    }
}
