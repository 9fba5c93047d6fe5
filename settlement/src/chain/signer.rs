//! Who signs: a key in this process, or a command that keeps it elsewhere.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use ed25519_dalek::{Signature, VerifyingKey};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::{Address, Key};

/// How long a signing command may take.
const COMMAND_MAX: Duration = Duration::from_secs(10);
/// Bytes of its answer that are read: a signature in hexadecimal has 128.
const ANSWER_MAX: u64 = 256;

/// Why there is no signature.
#[derive(Clone, Debug, Error)]
pub enum SignError {
    /// The signing command fails.
    #[error("the signing command {0}")]
    Command(String),
    /// What is to be signed cannot be written.
    #[error("XDR: {0}")]
    Xdr(String),
}

impl From<stellar_xdr::Error> for SignError {
    fn from(error: stellar_xdr::Error) -> Self {
        Self::Xdr(error.to_string())
    }
}

/// Who signs for an account. Its debug form never shows a secret.
#[derive(Clone, Debug)]
pub enum Signer {
    /// A key in this process.
    Key(Key),
    /// A command that has the key.
    Command(SigningCommand),
}

impl From<Key> for Signer {
    fn from(key: Key) -> Self {
        Self::Key(key)
    }
}

impl Signer {
    /// The account that is signed for.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Key(key) => key.address(),
            Self::Command(command) => command.address(),
        }
    }

    /// Signs a hash.
    ///
    /// # Errors
    /// When the command fails, takes longer than ten seconds, or gives a signature
    /// that is not its account's.
    pub async fn sign(&self, hash: &[u8; 32]) -> Result<[u8; 64], SignError> {
        match self {
            Self::Key(key) => Ok(key.sign(hash)),
            Self::Command(command) => command.sign(hash).await,
        }
    }
}

/// A program that signs, such as one that asks a hardware module. It is started
/// for each signature, with the hash (32 bytes, in hexadecimal, and a line feed)
/// on its standard input, and writes the Ed25519 signature of these 32 bytes in
/// hexadecimal (128 digits) to its standard output.
#[derive(Clone)]
pub struct SigningCommand {
    key: VerifyingKey,
    program: String,
    arguments: Vec<String>,
}

impl SigningCommand {
    /// `words` are the program and its arguments; `None` when there are none, or
    /// `account` is no account's key.
    #[must_use]
    pub fn new(account: Address, words: &[String]) -> Option<Self> {
        let Address::Account(key) = account else { return None };
        let (program, arguments) = words.split_first()?;
        let key = VerifyingKey::from_bytes(&key).ok()?;
        Some(Self { key, program: program.clone(), arguments: arguments.to_vec() })
    }

    /// The account that it signs for.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::Account(self.key.to_bytes())
    }

    async fn sign(&self, hash: &[u8; 32]) -> Result<[u8; 64], SignError> {
        let answer = tokio::time::timeout(COMMAND_MAX, self.ask(hash)).await;
        let answer = answer.map_err(|_| failed("took longer than ten seconds"))??;
        let mut signature = [0; 64];
        // What it said is not repeated: it may be something secret.
        hex::decode_to_slice(answer.trim(), &mut signature)
            .map_err(|_| failed("did not answer 128 hexadecimal digits"))?;
        self.key
            .verify_strict(hash, &Signature::from_bytes(&signature))
            .map_err(|_| failed(&format!("gave a signature that is not {}'s", self.address())))?;
        Ok(signature)
    }

    async fn ask(&self, hash: &[u8; 32]) -> Result<String, SignError> {
        let said = |error: std::io::Error| failed(&format!("cannot be asked: {error}"));
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(said)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("has no input or output"));
        };
        // It may end without reading: what it answers counts.
        let _ = input.write_all(format!("{}\n", hex::encode(hash)).as_bytes()).await;
        drop(input);
        let mut answer = String::new();
        output.take(ANSWER_MAX).read_to_string(&mut answer).await.map_err(said)?;
        let status = child.wait().await.map_err(said)?;
        if status.success() { Ok(answer) } else { Err(failed(&format!("ended with {status}"))) }
    }
}

impl fmt::Debug for SigningCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not its arguments: some are given PINs there.
        write!(f, "SigningCommand({}, {:?})", self.address(), self.program)
    }
}

fn failed(how: &str) -> SignError {
    SignError::Command(how.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(account: Address, script: &str) -> Signer {
        let words = ["sh", "-c", script].map(str::to_owned);
        Signer::Command(SigningCommand::new(account, &words).unwrap())
    }

    #[tokio::test]
    async fn a_command_gets_the_hash_and_answers_the_signature() {
        let key = Key::from_seed(&[3; 32]);
        let hash = [0xab; 32];
        let right = hex::encode(key.sign(&hash));
        let script = format!("read hash; test \"$hash\" = {} && echo {right}", hex::encode(hash));
        let signed = command(key.address(), &script).sign(&hash).await.unwrap();
        assert_eq!(signed, Signer::from(key).sign(&hash).await.unwrap());
    }

    #[tokio::test]
    async fn a_command_that_signs_for_another_or_not_at_all_is_told() {
        let (key, other) = (Key::from_seed(&[3; 32]), Key::from_seed(&[4; 32]));
        let hash = [0xab; 32];
        let wrong = format!("echo {}", hex::encode(other.sign(&hash)));
        for (script, told) in [
            (wrong.as_str(), "gave a signature that is not"),
            ("echo secret words", "did not answer 128"),
            ("exit 3", "ended with"),
            ("yes", "ended with"),
        ] {
            let error = command(key.address(), script).sign(&hash).await.unwrap_err().to_string();
            assert!(error.contains(told), "{script}: {error}");
            assert!(!error.contains("secret words"));
        }
        let absent = SigningCommand::new(key.address(), &["/nowhere/signer".to_owned()]).unwrap();
        let error = Signer::Command(absent).sign(&hash).await.unwrap_err().to_string();
        assert!(error.contains("cannot be asked"), "{error}");
    }

    #[test]
    fn what_a_signer_looks_like_shows_no_secret() {
        let secret = stellar_strkey::ed25519::PrivateKey([3; 32]).to_string();
        let shown = format!("{:?}", Signer::from(Key::from_seed(&[3; 32])));
        assert!(!shown.contains(secret.as_str()) && !shown.contains("030303"), "{shown}");
        let words = ["signer", "--pin", "1234"].map(str::to_owned);
        let command = SigningCommand::new(Key::from_seed(&[3; 32]).address(), &words).unwrap();
        assert!(!format!("{command:?}").contains("1234"));
    }
}
