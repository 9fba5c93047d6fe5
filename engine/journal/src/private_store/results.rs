//! What jobs left behind, as their agents handed it in: for the tenant, and no
//! more of the log's than its hash.
//!
//! Room for it is bounded. The newest leases have it; an older one loses its place
//! to the one that comes [`RESULTS_KEPT`] after it.

use berth_domain::LeaseId;

use super::PrivateStore;
use crate::database::StoreError;
use crate::keys::result_key;

/// Bytes of one result.
pub const RESULT_BYTES_MAX: usize = 64 << 10;
/// Leases whose results are kept, 640 MiB of them at most.
pub const RESULTS_KEPT: u64 = 10_000;

impl PrivateStore {
    /// Keeps what a lease left behind, durably; what it had before is gone. False
    /// when a newer lease has its place.
    ///
    /// # Errors
    /// When the database fails.
    ///
    /// # Panics
    /// With more than [`RESULT_BYTES_MAX`] bytes.
    pub fn keep_result(&self, lease: LeaseId, result: &[u8]) -> Result<bool, StoreError> {
        assert!(result.len() <= RESULT_BYTES_MAX, "the bound is checked where results come in");
        let key = result_key(lease.0 % RESULTS_KEPT);
        let vault = self.keeper.vault();
        let holder = vault.get(&key)?.and_then(|stored| split(&stored).map(|(holder, _)| holder));
        if holder.is_some_and(|holder| holder > lease) {
            return Ok(false);
        }
        vault.put(&key, &[&lease.0.to_le_bytes()[..], result].concat())?;
        Ok(true)
    }

    /// What a lease left behind; none when it was not handed in, or a newer lease
    /// has its place.
    ///
    /// # Errors
    /// When the database fails.
    pub fn result(&self, lease: LeaseId) -> Result<Option<Vec<u8>>, StoreError> {
        let stored = self.keeper.vault().get(&result_key(lease.0 % RESULTS_KEPT))?;
        let held = stored.as_deref().and_then(split).filter(|(holder, _)| *holder == lease);
        Ok(held.map(|(_, result)| result.to_vec()))
    }
}

fn split(stored: &[u8]) -> Option<(LeaseId, &[u8])> {
    let (holder, result) = stored.split_first_chunk::<8>()?;
    Some((LeaseId(u64::from_le_bytes(*holder)), result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::DataDir;

    #[test]
    fn a_result_is_its_leases_until_a_newer_one_takes_the_place() {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::new(root.path());
        let store = PrivateStore::open(&dir).unwrap();
        let (old, new) = (LeaseId(7), LeaseId(7 + RESULTS_KEPT));
        assert_eq!(store.result(old).unwrap(), None);
        assert!(store.keep_result(old, b"first").unwrap());
        assert!(store.keep_result(old, b"again").unwrap());
        assert_eq!(store.result(old).unwrap().as_deref(), Some(&b"again"[..]));
        assert_eq!(store.result(new).unwrap(), None, "the place is another lease's");
        // What orders name is swept; results are not.
        assert_eq!(store.sweep(|_| false).unwrap(), 0);
        drop(store);
        let store = PrivateStore::open(&dir).unwrap();
        assert_eq!(store.result(old).unwrap().as_deref(), Some(&b"again"[..]));
        assert!(store.keep_result(new, b"").unwrap());
        assert_eq!(store.result(old).unwrap(), None);
        assert_eq!(store.result(new).unwrap().as_deref(), Some(&b""[..]));
        assert!(!store.keep_result(old, b"late").unwrap());
        assert_eq!(store.result(new).unwrap().as_deref(), Some(&b""[..]));
    }
}
