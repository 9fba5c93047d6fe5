//! The challenge of SEP-10: a transaction that no ledger takes, signed by the
//! server, which whoever speaks for the account signs, too.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    DataValue, DecoratedSignature, Hash, Limits, ManageDataOp, Memo, MuxedAccount, Operation, OperationBody,
    Preconditions, ReadXdr, SequenceNumber, Signature, SignatureHint, String64, TimeBounds, TimePoint, Transaction,
    TransactionEnvelope, TransactionExt, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
    TransactionV1Envelope, Uint256, VecM, WriteXdr,
};
use thiserror::Error;

use crate::key::{PublicKey, is_signed, write_key};
use crate::signers::{Signers, SignersError};

/// How long a challenge may be answered.
pub const CHALLENGE_SECONDS: u64 = 900;
/// Random bytes of a challenge; 64 in base 64.
pub const NONCE_BYTES: usize = 48;
/// Bytes of the longest home domain: with ` auth` behind it, it is the name of
/// an entry of data, which has at most 64.
pub const DOMAIN_BYTES_MAX: usize = 59;
/// Characters of the longest envelope that is looked at. A challenge with all
/// its 20 signatures has less.
pub const ENVELOPE_BYTES_MAX: usize = 8_192;

/// How far the server's clock and the client's may differ, in seconds, when a
/// client looks at a challenge.
const GRACE_SECONDS: u64 = 300;
/// The fee of its two operations, which nobody ever pays.
const FEE: u32 = 200;
const WEB_AUTH_DOMAIN: &[u8] = b"web_auth_domain";

/// Why a text is no domain that a challenge can name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no domain: a host, with a port where it needs one, of at most {DOMAIN_BYTES_MAX} characters")]
pub struct DomainError(String);

/// Why a transaction is not an answer to a challenge of this server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each says in words what is wrong")]
pub enum ChallengeError {
    #[error("this is not the base 64 of a transaction envelope")]
    NoEnvelope,
    #[error("this is not a version 1 transaction envelope")]
    OtherEnvelope,
    #[error("the transaction's source is not the server's account")]
    Source,
    #[error("the transaction has a sequence number, so a ledger could take it")]
    Sequence,
    #[error("the transaction has a memo: an account here is a key and nothing more")]
    Memo,
    #[error("the transaction has no time bounds, or more than bounds of time")]
    NoTimeBounds,
    #[error("the challenge is answered from {0} on, in unix seconds, and it is earlier")]
    TooEarly(u64),
    #[error("the challenge was to be answered until {0}, in unix seconds: begin anew")]
    TooLate(u64),
    #[error("the transaction has no operation")]
    NoOperation,
    #[error("an operation is not manage data")]
    OtherOperation,
    #[error("the first operation has no source: it is the account that logs in")]
    NoAccount,
    #[error("a muxed account (M…) cannot log in: an account here is a key and nothing more")]
    Muxed,
    #[error("the server's own account cannot log in")]
    ServerItself,
    #[error("the first operation is not for the home domain {0:?}")]
    HomeDomain(String),
    #[error("the first operation's value is not 64 characters, the base 64 of 48 bytes")]
    Nonce,
    #[error("an operation behind the first is not the server's: a client domain is not supported")]
    OtherSource,
    #[error("the operation web_auth_domain is missing, or does not name {0:?}")]
    WebAuthDomain(String),
    #[error("there is more than one operation web_auth_domain, or one that a challenge does not have")]
    Surplus,
    #[error("the server did not sign it, or signed another network's or another transaction")]
    ServerSignature,
    #[error(transparent)]
    Signers(#[from] SignersError),
}

/// What a server's challenges have in common.
#[derive(Clone, Debug)]
pub struct WebAuth {
    server: PublicKey,
    passphrase: String,
    network: [u8; 32],
    home_domain: String,
    web_auth_domain: String,
}

/// A challenge that came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who logs in.
    pub account: PublicKey,
    /// The challenge's random bytes.
    pub nonce: [u8; NONCE_BYTES],
    /// The transaction's hash, the same however it is signed.
    pub hash: [u8; 32],
    /// Until when it may be answered, in unix seconds.
    pub until: u64,
    envelope: TransactionV1Envelope,
    signatures: Vec<DecoratedSignature>,
}

impl WebAuth {
    /// The challenges of the server with this key, for logins at `home_domain`
    /// whose endpoint is at the host `web_auth_domain`, on the network with this
    /// passphrase.
    ///
    /// # Errors
    /// When a domain cannot stand in a challenge.
    pub fn new(
        server: PublicKey,
        passphrase: &str,
        home_domain: &str,
        web_auth_domain: &str,
    ) -> Result<Self, DomainError> {
        for domain in [home_domain, web_auth_domain] {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
            if domain.is_empty() || domain.len() > DOMAIN_BYTES_MAX || !domain.bytes().all(plain) {
                return Err(DomainError(domain.chars().take(DOMAIN_BYTES_MAX).collect()));
            }
        }
        Ok(Self {
            server,
            passphrase: passphrase.to_owned(),
            network: Sha256::digest(passphrase).into(),
            home_domain: home_domain.to_owned(),
            web_auth_domain: web_auth_domain.to_owned(),
        })
    }

    /// The server's key.
    #[must_use]
    pub const fn server(&self) -> PublicKey {
        self.server
    }

    /// The network's passphrase.
    #[must_use]
    pub fn passphrase(&self) -> &str {
        &self.passphrase
    }

    /// The domain that accounts log in at.
    #[must_use]
    pub fn home_domain(&self) -> &str {
        &self.home_domain
    }

    /// A challenge for an account, signed with the server's key, as the base 64
    /// of its envelope. `nonce` must be random, `now` is in unix seconds.
    #[must_use]
    pub fn challenge(&self, key: &SigningKey, account: PublicKey, nonce: [u8; NONCE_BYTES], now: u64) -> String {
        let data = |source: PublicKey, name: &[u8], value: &[u8]| Operation {
            source_account: Some(MuxedAccount::Ed25519(Uint256(source))),
            body: OperationBody::ManageData(ManageDataOp {
                data_name: String64(name.to_vec().try_into().expect("a domain leaves room in 64 bytes")),
                data_value: Some(DataValue(value.to_vec().try_into().expect("at most 64 bytes"))),
            }),
        };
        let operations = [
            data(account, &self.nonce_name(), STANDARD.encode(nonce).as_bytes()),
            data(self.server, WEB_AUTH_DOMAIN, self.web_auth_domain.as_bytes()),
        ];
        let tx = Transaction {
            source_account: MuxedAccount::Ed25519(Uint256(self.server)),
            fee: FEE,
            seq_num: SequenceNumber(0),
            cond: Preconditions::Time(TimeBounds {
                min_time: TimePoint(now),
                max_time: TimePoint(now.saturating_add(CHALLENGE_SECONDS)),
            }),
            memo: Memo::None,
            operations: operations.try_into().expect("two operations are within the limit of 100"),
            ext: TransactionExt::V0,
        };
        let hash = self.hash(&tx);
        signed(TransactionV1Envelope { tx, signatures: VecM::default() }, key, &hash)
            .expect("a first signature has room")
    }

    /// Reads a challenge that comes back signed and makes every check but that
    /// of its signers. `now` is in unix seconds.
    ///
    /// # Errors
    /// When it is none of this server's, or its time is over.
    pub fn read(&self, envelope: &str, now: u64) -> Result<Answer, ChallengeError> {
        self.read_within(envelope, now, 0)
    }

    /// What an account's key answers a challenge with. It signs nothing but a
    /// challenge of this server to that account.
    ///
    /// # Errors
    /// When it is none. The time may be wrong by five minutes, since the client's
    /// clock is not the server's.
    pub fn answer(&self, envelope: &str, key: &SigningKey, now: u64) -> Result<String, ChallengeError> {
        let answer = self.read_within(envelope, now, GRACE_SECONDS)?;
        if answer.account != key.verifying_key().to_bytes() {
            return Err(ChallengeError::NoAccount);
        }
        signed(answer.envelope, key, &answer.hash).ok_or(ChallengeError::NoEnvelope)
    }

    fn read_within(&self, envelope: &str, now: u64, grace: u64) -> Result<Answer, ChallengeError> {
        if envelope.len() > ENVELOPE_BYTES_MAX {
            return Err(ChallengeError::NoEnvelope);
        }
        let limits = Limits { depth: 64, len: ENVELOPE_BYTES_MAX };
        let read = TransactionEnvelope::from_xdr_base64(envelope.trim(), limits);
        let envelope = match read.map_err(|_| ChallengeError::NoEnvelope)? {
            TransactionEnvelope::Tx(envelope) => envelope,
            _ => return Err(ChallengeError::OtherEnvelope),
        };
        let tx = &envelope.tx;
        if tx.source_account != MuxedAccount::Ed25519(Uint256(self.server)) {
            return Err(ChallengeError::Source);
        }
        if tx.seq_num != SequenceNumber(0) {
            return Err(ChallengeError::Sequence);
        }
        if tx.memo != Memo::None {
            return Err(ChallengeError::Memo);
        }
        let Preconditions::Time(TimeBounds { min_time: TimePoint(from), max_time: TimePoint(until) }) = tx.cond else {
            return Err(ChallengeError::NoTimeBounds);
        };
        // Zero is a time without an end.
        if until == 0 {
            return Err(ChallengeError::NoTimeBounds);
        }
        if now.saturating_add(grace) < from {
            return Err(ChallengeError::TooEarly(from));
        }
        if now > until.saturating_add(grace) {
            return Err(ChallengeError::TooLate(until));
        }
        let (account, nonce) = self.read_operations(&tx.operations)?;
        let hash = self.hash(tx);
        let mut signatures = envelope.signatures.to_vec();
        let by_server = |one: &DecoratedSignature| signs(one, &self.server, &hash);
        let Some(place) = signatures.iter().position(by_server) else { return Err(ChallengeError::ServerSignature) };
        signatures.remove(place);
        Ok(Answer { account, nonce, hash, until, envelope, signatures })
    }

    /// The account and the random bytes that the operations name.
    fn read_operations(&self, operations: &[Operation]) -> Result<(PublicKey, [u8; NONCE_BYTES]), ChallengeError> {
        let (first, others) = operations.split_first().ok_or(ChallengeError::NoOperation)?;
        let OperationBody::ManageData(ManageDataOp { data_name, data_value }) = &first.body else {
            return Err(ChallengeError::OtherOperation);
        };
        let account = match first.source_account {
            None => return Err(ChallengeError::NoAccount),
            Some(MuxedAccount::MuxedEd25519(_)) => return Err(ChallengeError::Muxed),
            Some(MuxedAccount::Ed25519(Uint256(account))) => account,
        };
        if account == self.server {
            return Err(ChallengeError::ServerItself);
        }
        if data_name.0.as_slice() != self.nonce_name() {
            return Err(ChallengeError::HomeDomain(self.home_domain.clone()));
        }
        let nonce = data_value.as_ref().filter(|value| value.0.len() == 64);
        let nonce = nonce.and_then(|value| STANDARD.decode(value.0.as_slice()).ok()?.try_into().ok());
        let nonce = nonce.ok_or(ChallengeError::Nonce)?;

        let mut named = false;
        for operation in others {
            let OperationBody::ManageData(ManageDataOp { data_name, data_value }) = &operation.body else {
                return Err(ChallengeError::OtherOperation);
            };
            if operation.source_account != Some(MuxedAccount::Ed25519(Uint256(self.server))) {
                return Err(ChallengeError::OtherSource);
            }
            if data_name.0.as_slice() != WEB_AUTH_DOMAIN || named {
                return Err(ChallengeError::Surplus);
            }
            let value = data_value.as_ref().map(|value| value.0.as_slice());
            if value != Some(self.web_auth_domain.as_bytes()) {
                return Err(ChallengeError::WebAuthDomain(self.web_auth_domain.clone()));
            }
            named = true;
        }
        if named { Ok((account, nonce)) } else { Err(ChallengeError::WebAuthDomain(self.web_auth_domain.clone())) }
    }

    fn nonce_name(&self) -> Vec<u8> {
        format!("{} auth", self.home_domain).into_bytes()
    }

    /// What signatures are over: the network and the transaction.
    fn hash(&self, tx: &Transaction) -> [u8; 32] {
        let payload = TransactionSignaturePayload {
            network_id: Hash(self.network),
            tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
        };
        let bytes = payload.to_xdr(Limits::none()).expect("a transaction that was read encodes");
        Sha256::digest(bytes).into()
    }
}

impl Answer {
    /// Whether who signed speaks for the account: every signature but the
    /// server's is by another of its signers, and together they weigh enough.
    ///
    /// # Errors
    /// When they do not.
    pub fn check_signers(&self, signers: &Signers) -> Result<(), ChallengeError> {
        let times = |key: &PublicKey| self.signatures.iter().filter(|one| signs(one, key, &self.hash)).count();
        Ok(signers.check(times, self.signatures.len())?)
    }

    /// The account as `G…`.
    #[must_use]
    pub fn address(&self) -> String {
        write_key(&self.account)
    }
}

/// Whether this is the key's signature over the hash.
fn signs(signature: &DecoratedSignature, key: &PublicKey, hash: &[u8; 32]) -> bool {
    let bytes: Result<[u8; 64], _> = signature.signature.0.as_slice().try_into();
    signature.hint.0 == hint(key) && bytes.is_ok_and(|bytes| is_signed(key, hash, &bytes))
}

/// The last four bytes of a key, by which a signature says whose it is.
fn hint(key: &PublicKey) -> [u8; 4] {
    [key[28], key[29], key[30], key[31]]
}

/// The envelope with one more signature, in base 64; `None` when it has no room
/// for one.
fn signed(envelope: TransactionV1Envelope, key: &SigningKey, hash: &[u8; 32]) -> Option<String> {
    let signature = DecoratedSignature {
        hint: SignatureHint(hint(&key.verifying_key().to_bytes())),
        signature: Signature(key.sign(hash).to_bytes().to_vec().try_into().ok()?),
    };
    let mut signatures = envelope.signatures.to_vec();
    signatures.push(signature);
    let envelope = TransactionV1Envelope { tx: envelope.tx, signatures: signatures.try_into().ok()? };
    TransactionEnvelope::Tx(envelope).to_xdr_base64(Limits::none()).ok()
}
