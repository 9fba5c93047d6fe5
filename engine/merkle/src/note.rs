//! C2SP signed notes: a text, and who signed it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The algorithm byte of Ed25519.
const ED25519: u8 = 1;

/// Signature lines that a note may have.
const SIGNATURES_MAX: usize = 100;

/// Bytes that a note may have.
const NOTE_MAX: usize = 1 << 20;

/// What is wrong with a note or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    /// The name has a space or a plus, or is empty.
    #[error("the name of a key is text without spaces or +")]
    Name,
    /// Not a key of the form `name+hash+key`.
    #[error("a verifier key is name+hash+key, the hash in hexadecimal, the key an Ed25519 key in base 64")]
    Key,
    /// Not a signed note.
    #[error("a signed note is a text, an empty line, and signature lines")]
    Form,
    /// No signature by this key.
    #[error("the note is not signed by this key")]
    Unsigned,
    /// The signature by this key does not fit the text.
    #[error("the signature does not fit the text")]
    Signature,
}

/// Who signs: a name and an Ed25519 public key. Written as
/// `name+hash+key`, as C2SP's `signed-note` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    key: VerifyingKey,
}

impl NoteKey {
    /// A key under a name.
    ///
    /// # Errors
    /// When the name is empty, or has a space, a control character or a `+`.
    pub fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        let fits = !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
        if fits { Ok(Self { name: name.to_owned(), key }) } else { Err(NoteError::Name) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key).
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]).chain_update(self.key);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        [a, b, c, d]
    }

    /// Checks one signature over a text.
    fn verify(&self, text: &str, signature: &[u8]) -> Result<(), NoteError> {
        let signature = Signature::from_slice(signature).map_err(|_| NoteError::Signature)?;
        self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| NoteError::Signature)
    }
}

impl std::fmt::Display for NoteKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = STANDARD.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id()))
    }
}

impl std::str::FromStr for NoteKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '+');
        let mut part = || parts.next().ok_or(NoteError::Key);
        let (name, id, key) = (part()?, part()?, part()?);
        let key = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let [ED25519, key @ ..] = key.as_slice() else { return Err(NoteError::Key) };
        let key = VerifyingKey::try_from(key).map_err(|_| NoteError::Key)?;
        let key = Self::new(name, key)?;
        if hex::encode(key.id()) == id { Ok(key) } else { Err(NoteError::Key) }
    }
}

/// Signs notes.
pub struct NoteSigner {
    key: NoteKey,
    secret: SigningKey,
}

impl NoteSigner {
    /// A signer under a name.
    ///
    /// # Errors
    /// As [`NoteKey::new`].
    pub fn new(name: &str, secret: SigningKey) -> Result<Self, NoteError> {
        Ok(Self { key: NoteKey::new(name, secret.verifying_key())?, secret })
    }

    /// What others check its signatures with.
    #[must_use]
    pub const fn key(&self) -> &NoteKey {
        &self.key
    }

    /// Signs a text. It ends with a newline and has no empty line in it, which
    /// is the caller's business.
    #[must_use]
    pub fn sign(&self, text: &str) -> SignedNote {
        debug_assert!(text.ends_with('\n') && !text.contains("\n\n"), "a text that a note can hold");
        let signature = self.secret.sign(text.as_bytes());
        let bytes = [&self.key.id()[..], &signature.to_bytes()].concat();
        let line = SignatureLine { name: self.key.name.clone(), bytes };
        SignedNote { text: text.to_owned(), signatures: vec![line] }
    }
}

/// A text with signatures. Displayed as its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<SignatureLine>,
}

/// `— name base64(key id ‖ signature)`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    bytes: Vec<u8>,
}

impl SignedNote {
    /// The text, without knowing who signed it.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The text, if this key signed it. Signatures of others do not matter.
    ///
    /// # Errors
    /// When there is no signature by the key, or one that does not fit.
    pub fn verify(&self, key: &NoteKey) -> Result<&str, NoteError> {
        let id = key.id();
        let own = self.signatures.iter().filter(|line| line.name == key.name && line.bytes.starts_with(&id));
        let mut found = false;
        for line in own {
            key.verify(&self.text, &line.bytes[id.len()..])?;
            found = true;
        }
        if found { Ok(&self.text) } else { Err(NoteError::Unsigned) }
    }
}

impl std::fmt::Display for SignedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "— {} {}", line.name, STANDARD.encode(&line.bytes)))
    }
}

impl std::str::FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, Self::Err> {
        let controls = |c: char| c.is_control() && c != '\n';
        if note.len() > NOTE_MAX || note.contains(controls) {
            return Err(NoteError::Form);
        }
        let split = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, signatures) = (&note[..=split], &note[split + 2..]);
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Form)?.split('\n');
        let signatures: Vec<_> = lines.map(signature_line).collect::<Option<_>>().ok_or(NoteError::Form)?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Form);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

fn signature_line(line: &str) -> Option<SignatureLine> {
    let (name, bytes) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = STANDARD.decode(bytes).ok()?;
    (!name.is_empty() && bytes.len() > 4).then(|| SignatureLine { name: name.to_owned(), bytes })
}
