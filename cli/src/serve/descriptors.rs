//! File descriptors: every connection takes one, and so do the databases.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Raises the soft limit to the hard one, as servers do: the usual 1,024 would
/// be gone with a thousand idle clients, and the node's own settler with them.
pub(super) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        warn!(%error, ?limit, "the limit of open files stays as it is");
    }
}
