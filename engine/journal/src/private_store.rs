//! What must stay out of the log: the specifications that orders only name by
//! hash. The log is for auditors; image, environment and command are not.
//!
//! A specification is kept before its order is submitted, and removed again when
//! the order was refused: who may not order must not fill the disk either. What a
//! crash leaves is swept at the next start.

mod kept;
mod results;
mod vault;

use std::sync::Arc;

use berth_domain::Digest;
use sha2::{Digest as _, Sha256};

use self::kept::Keeper;
pub use self::kept::Kept;
pub use self::results::{RESULT_BYTES_MAX, RESULTS_KEPT};
use self::vault::Vault;
use crate::database::StoreError;
use crate::keys::{DataDir, SALT_SECRET_KEY, spec_key};

/// Bytes of a salt.
const SALT: usize = 32;

/// Specifications by hash. Clones share one database, from any thread.
#[derive(Clone)]
pub struct PrivateStore {
    keeper: Arc<Keeper>,
    salt_secret: [u8; SALT],
}

/// A specification with its salt: what is stored, and the hash that the log may
/// show.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    hash: Digest,
    stored: Vec<u8>,
}

impl Sealed {
    /// `SHA-256(salt ‖ specification)`, with a salt of 32 bytes.
    #[must_use]
    pub const fn hash(&self) -> Digest {
        self.hash
    }

    /// The specification's bytes.
    #[must_use]
    pub fn spec(&self) -> &[u8] {
        &self.stored[SALT..]
    }

    /// A specification whose salt the tenant chose, who signed the hash.
    #[must_use]
    pub fn salted(salt: [u8; SALT], spec: &[u8]) -> Self {
        Self::new(salt, spec)
    }

    fn new(salt: [u8; SALT], spec: &[u8]) -> Self {
        let stored = [&salt[..], spec].concat();
        Self { hash: Digest(Sha256::digest(&stored).into()), stored }
    }
}

impl std::fmt::Debug for Sealed {
    /// Shows the hash alone: what it hides must not reach a trace.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({})", self.hash)
    }
}

impl PrivateStore {
    /// Opens the store of a data directory, or makes it, readable by its owner
    /// alone.
    ///
    /// # Errors
    /// When the directory or the database cannot be opened.
    pub fn open(dir: &DataDir) -> Result<Self, StoreError> {
        let vault = Vault::open(dir)?;
        let salt_secret = match vault.get(SALT_SECRET_KEY)? {
            Some(bytes) => bytes.as_slice().try_into().map_err(|_| vault.altered())?,
            None => {
                let secret = random()?;
                vault.put(SALT_SECRET_KEY, &secret)?;
                secret
            }
        };
        let keeper = Keeper::start(vault).map_err(StoreError::file(dir.root()))?;
        Ok(Self { keeper: Arc::new(keeper), salt_secret })
    }

    /// Tells the hash of each specification that is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn each(&self, mut tell: impl FnMut(Digest)) -> Result<(), StoreError> {
        self.keeper.vault().each_key(|key| {
            if let Some(hash) = key.strip_prefix(b"s").and_then(|hash| hash.try_into().ok()) {
                tell(Digest(hash));
            }
        })
    }

    /// Removes what no order names, and says how much that was. For a start, when
    /// nothing is under way: a node that was killed could not remove what was
    /// refused.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sweep(&self, is_named: impl Fn(&Digest) -> bool) -> Result<u64, StoreError> {
        self.keeper.vault().remove_unless(|key| match key.strip_prefix(b"s") {
            Some(hash) => hash.try_into().is_ok_and(|hash| is_named(&Digest(hash))),
            None => true,
        })
    }

    /// Salts and hashes a specification; stores nothing.
    ///
    /// Who repeats a command must name the same hash again, or the exchange
    /// takes it for another command. So a command with a client id passes, as
    /// `once`, what makes it unique (account and client id): the salt is then
    /// derived from a secret of this store, `once` and the specification.
    /// Without it the salt is random.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn seal(&self, spec: &[u8], once: Option<&[u8]>) -> Result<Sealed, StoreError> {
        let salt = match once {
            Some(once) => {
                let mut hasher = blake3::Hasher::new_keyed(&self.salt_secret);
                hasher.update(&(once.len() as u64).to_le_bytes());
                hasher.update(once);
                hasher.update(spec);
                hasher.finalize().into()
            }
            None => random()?,
        };
        Ok(Sealed::new(salt, spec))
    }

    /// Keeps a specification; it is durable when this returns. Keep it before the
    /// order that names it is submitted, and tell the order's fate to what this
    /// gives.
    ///
    /// # Errors
    /// When the write fails; nothing may then be submitted that names it.
    pub fn keep(&self, sealed: &Sealed) -> Result<Kept, StoreError> {
        Kept::new(&self.keeper, sealed.hash, &sealed.stored)
    }

    /// The specification of a hash; none when it was never kept here.
    ///
    /// # Errors
    /// When the read fails, or what was read does not have that hash.
    pub fn get(&self, hash: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let vault = self.keeper.vault();
        let Some(stored) = vault.get(&spec_key(hash))? else { return Ok(None) };
        let Some((salt, spec)) = stored.split_first_chunk::<SALT>() else { return Err(vault.altered()) };
        if Sealed::new(*salt, spec).hash != *hash {
            return Err(vault.altered());
        }
        Ok(Some(spec.to_vec()))
    }
}

fn random() -> Result<[u8; SALT], StoreError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(StoreError::Random)?;
    Ok(salt)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_specification_is_read_back_by_its_hash_alone() {
        let dir = tempfile::tempdir().unwrap();
        let dir = DataDir::new(dir.path());
        let store = PrivateStore::open(&dir).unwrap();
        let sealed = store.seal(b"image and secrets", None).unwrap();
        assert_eq!(store.get(&sealed.hash()).unwrap(), None);
        store.keep(&sealed).unwrap().accepted();
        assert_eq!(store.get(&sealed.hash()).unwrap().as_deref(), Some(&b"image and secrets"[..]));
        assert_eq!(store.get(&Digest([1; 32])).unwrap(), None);
        let mode = std::fs::metadata(dir.private()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_repeated_command_gets_its_hash_again_and_no_other_does() {
        let dir = tempfile::tempdir().unwrap();
        let dir = DataDir::new(dir.path());
        let store = PrivateStore::open(&dir).unwrap();
        let hash = |spec: &[u8], once| store.seal(spec, once).unwrap().hash();
        assert_ne!(hash(b"spec", None), hash(b"spec", None));
        let first = hash(b"spec", Some(b"account 1, id a"));
        assert_ne!(first, hash(b"spec", Some(b"account 1, id b")));
        assert_ne!(first, hash(b"other", Some(b"account 1, id a")));
        drop(store);
        let store = PrivateStore::open(&dir).unwrap();
        assert_eq!(first, store.seal(b"spec", Some(b"account 1, id a")).unwrap().hash());
    }

    #[test]
    fn a_specification_goes_with_the_last_order_that_was_refused_and_stays_with_any_other() {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::new(root.path());
        let store = PrivateStore::open(&dir).unwrap();
        // What became of orders that named one specification, the first of them
        // while the others are under way.
        for (fates, stays) in [
            ("r", false),
            ("a", true),
            ("d", false),
            ("s", true),
            ("ra", true),
            ("ar", true),
            ("rr", false),
            ("dr", false),
            ("rs", true),
        ] {
            let sealed = store.seal(fates.as_bytes(), None).unwrap();
            let kept: Vec<_> = fates.chars().map(|_| store.keep(&sealed).unwrap()).collect();
            for (kept, fate) in kept.into_iter().zip(fates.chars()) {
                match fate {
                    'r' => kept.refused(),
                    'a' => kept.accepted(),
                    // Submitted, and then the node died.
                    's' => kept.submitted(),
                    _ => {}
                }
            }
            store.keeper.settle();
            assert_eq!(store.get(&sealed.hash()).unwrap().is_some(), stays, "{fates}");
            // One that is there stays, whatever becomes of who names it again.
            store.keep(&sealed).unwrap().refused();
            store.keeper.settle();
            assert_eq!(store.get(&sealed.hash()).unwrap().is_some(), stays, "{fates}, then refused");
        }
    }

    #[test]
    fn a_sweep_leaves_what_is_named_and_the_secret() {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::new(root.path());
        let store = PrivateStore::open(&dir).unwrap();
        let sealed = [b"one", b"two"].map(|spec| store.seal(spec, Some(b"x")).unwrap());
        sealed.iter().for_each(|sealed| store.keep(sealed).unwrap().accepted());
        let kept = |store: &PrivateStore| {
            let mut kept = std::collections::BTreeSet::new();
            store.each(|hash| assert!(kept.insert(hash))).unwrap();
            kept
        };
        assert_eq!(kept(&store), sealed.iter().map(Sealed::hash).collect());
        assert_eq!(store.sweep(|hash| *hash == sealed[0].hash()).unwrap(), 1);
        assert_eq!(kept(&store), [sealed[0].hash()].into());
        drop(store);
        let store = PrivateStore::open(&dir).unwrap();
        assert_eq!(store.sweep(|hash| *hash == sealed[0].hash()).unwrap(), 0);
        assert_eq!(store.get(&sealed[0].hash()).unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(store.seal(b"one", Some(b"x")).unwrap(), sealed[0]);
    }
}
