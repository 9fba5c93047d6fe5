//! What must stay out of the log: the specifications that orders only name by
//! hash. The log is for auditors; image, environment and command are not.

use std::path::PathBuf;
use std::sync::Arc;

use berth_domain::Digest;
use rocksdb::DB;
use sha2::{Digest as _, Sha256};

use crate::database::{SMALL_MEMTABLE_BYTES, StoreError, durable_options, put_synced, spare_room};
use crate::keys::{DataDir, SALT_SECRET_KEY, spec_key};

/// Bytes of a salt.
const SALT: usize = 32;

/// Specifications by hash. Clones share one database, from any thread.
#[derive(Clone)]
pub struct PrivateStore {
    db: Arc<DB>,
    path: PathBuf,
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
        let path = dir.private();
        dir.create_private().map_err(StoreError::file(&path))?;
        let mut options = durable_options();
        options.create_if_missing(true);
        options.set_write_buffer_size(SMALL_MEMTABLE_BYTES);
        spare_room(&mut options, dir.root());
        let db = DB::open(&options, &path).map_err(StoreError::database(&path))?;
        dir.sync().map_err(StoreError::file(dir.root()))?;
        let kept = db.get(SALT_SECRET_KEY).map_err(StoreError::database(&path))?;
        let salt_secret = match kept {
            Some(bytes) => bytes.as_slice().try_into().map_err(|_| StoreError::Altered { path: path.clone() })?,
            None => {
                let secret = random()?;
                put_synced(&db, SALT_SECRET_KEY, &secret).map_err(StoreError::database(&path))?;
                secret
            }
        };
        Ok(Self { db: Arc::new(db), path, salt_secret })
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

    /// Keeps a specification; it is durable when this returns. Keep it before
    /// the order that names it is submitted.
    ///
    /// # Errors
    /// When the write fails; nothing may then be submitted that names it.
    pub fn put(&self, sealed: &Sealed) -> Result<(), StoreError> {
        put_synced(&self.db, &spec_key(&sealed.hash), &sealed.stored).map_err(StoreError::database(&self.path))
    }

    /// The specification of a hash; none when it was never kept here.
    ///
    /// # Errors
    /// When the read fails, or what was read does not have that hash.
    pub fn get(&self, hash: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(stored) = self.db.get(spec_key(hash)).map_err(StoreError::database(&self.path))? else {
            return Ok(None);
        };
        let Some((salt, spec)) = stored.split_first_chunk::<SALT>() else {
            return Err(StoreError::Altered { path: self.path.clone() });
        };
        if Sealed::new(*salt, spec).hash != *hash {
            return Err(StoreError::Altered { path: self.path.clone() });
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
        store.put(&sealed).unwrap();
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
}
