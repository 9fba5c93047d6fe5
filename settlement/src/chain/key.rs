use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer, SigningKey};
use thiserror::Error;

use super::Address;

/// Permission bits that let anyone but the owner at a file.
const OTHERS: u32 = 0o077;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The text is no secret key. It is not repeated here, since it may be one
    /// with a typing error.
    #[error("this is not a Stellar secret key (S…, 56 characters)")]
    NotSecret,
    /// The key file can be read by others.
    #[error("{path} can be read by others (mode {mode:03o}): run chmod 600 {path}")]
    Exposed {
        /// Where it is.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The system has no randomness to give.
    #[error("no randomness: {0}")]
    Randomness(String),
}

/// An Ed25519 signing key. It is wiped when dropped, and never printed.
#[derive(Clone)]
pub struct Key(SigningKey);

impl Key {
    /// A new random key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Randomness(error.to_string()))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The key itself, for what is signed outside of the chain.
    #[must_use]
    pub fn signing_key(&self) -> SigningKey {
        self.0.clone()
    }

    /// The key of this seed. For keys that are derived, not stored.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads a secret in Stellar's form, `S…`.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_secret(secret: &str) -> Result<Self, KeyError> {
        stellar_strkey::ed25519::PrivateKey::from_string(secret)
            .map(|seed| Self(SigningKey::from_bytes(&seed.0)))
            .map_err(|_| KeyError::NotSecret)
    }

    /// Reads the secret in the file at `path`, which only its owner may read.
    ///
    /// # Errors
    /// When the file is missing, open to others, or holds no secret.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let file = |cause| KeyError::File { path: path.to_owned(), cause };
        let mut open = File::open(path).map_err(file)?;
        let mode = open.metadata().map_err(file)?.permissions().mode() & 0o777;
        if mode & OTHERS != 0 {
            return Err(KeyError::Exposed { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        // A secret has 56 characters; a larger file is not a key file.
        Read::by_ref(&mut open).take(256).read_to_string(&mut text).map_err(file)?;
        Self::from_secret(text.trim())
    }

    /// Makes a key and stores it at `path`, synced, for its owner's eyes only.
    ///
    /// # Errors
    /// When there is a file already, or it cannot be written.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let key = Self::generate()?;
        key.write_new(path).map_err(|cause| KeyError::File { path: path.to_owned(), cause })?;
        Ok(key)
    }

    /// Reads the key at `path`, or makes one and stores it there, synced, for
    /// its owner's eyes only.
    ///
    /// # Errors
    /// As [`Key::read`], and when the file cannot be written.
    pub fn read_or_create(path: &Path) -> Result<Self, KeyError> {
        match Self::read(path) {
            Err(KeyError::File { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        let key = Self::generate()?;
        match key.write_new(path) {
            Ok(()) => Ok(key),
            // Another process made one in the meantime.
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Self::read(path),
            Err(cause) => Err(KeyError::File { path: path.to_owned(), cause }),
        }
    }

    /// Writes it beside `path`, and gives it that name only when it is whole:
    /// whatever ends the process in between, there is a key or no key. What
    /// is then left beside it has never been used.
    fn write_new(&self, path: &Path) -> io::Result<()> {
        let mut beside = path.as_os_str().to_owned();
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix).map_err(io::Error::other)?;
        beside.push(format!(".{}.new", hex::encode(suffix)));
        let beside = PathBuf::from(beside);

        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        let named = self.write_secret(&mut file).and_then(|()| {
            // Unlike renaming, linking replaces nothing.
            fs::hard_link(&beside, path)
        });
        let removed = fs::remove_file(&beside);
        named.and(removed)?;
        // The name must be as durable as the content: money may be on it soon.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn write_secret(&self, file: &mut File) -> io::Result<()> {
        writeln!(file, "{}", stellar_strkey::ed25519::PrivateKey(self.0.to_bytes()).to_string())?;
        file.sync_all()
    }

    /// The account that this key signs for.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::Account(self.0.verifying_key().to_bytes())
    }

    /// Its Ed25519 signature over these very bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("operator.key");
        let made = Key::read_or_create(&path).unwrap();
        let read = Key::read_or_create(&path).unwrap();
        assert_eq!(made.address(), read.address());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_file_is_whole_from_the_moment_it_has_its_name() {
        for _ in 0..50 {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("operator.key");
            // Whoever looks in between finds no key, or this one.
            let makers: Vec<_> = (0..8)
                .map(|_| {
                    let path = path.clone();
                    std::thread::spawn(move || Key::read_or_create(&path).map(|key| key.address()))
                })
                .collect();
            let made: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap().unwrap()).collect();
            assert_eq!(made, [made[0]; 8]);
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
        }
    }

    #[test]
    fn what_a_killed_process_left_beside_a_key_file_is_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("operator.key");
        std::fs::write(dir.path().join("operator.key.0123456789abcdef.new"), "").unwrap();
        let made = Key::read_or_create(&path).unwrap();
        assert_eq!(Key::read(&path).unwrap().address(), made.address());
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("operator.key");
        Key::read_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Key::read(&path), Err(KeyError::Exposed { mode: 0o640, .. })));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let key = Key::from_seed(&[1; 32]);
        let secret = stellar_strkey::ed25519::PrivateKey([1; 32]).to_string();
        assert!(!format!("{key:?}").contains(secret.as_str()));
        assert_eq!(Key::from_secret(&secret).unwrap().address(), key.address());
        let wrong = Key::from_secret("SECRETWITHATYPINGERROR").unwrap_err();
        assert!(!wrong.to_string().contains("TYPING"));
    }
}
