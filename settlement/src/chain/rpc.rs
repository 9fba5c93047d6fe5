mod accounts;
mod answers;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonrpsee_core::client::{ClientT, Error as CallError};
use jsonrpsee_core::params::ObjectParams;
use serde::de::DeserializeOwned;
use stellar_rpc_client::{AuthMode, Client, SimulateTransactionResponse};
use stellar_xdr::{
    LedgerEntryData, LedgerKey, Limits, ReadXdr, ScVal, TransactionEnvelope, TransactionResult, TransactionResultResult,
};
use thiserror::Error;

use super::{Address, Network, Signed};
use answers::{FindAnswer, LatestLedger, SendAnswer};

/// Why an RPC gave no usable answer.
#[derive(Clone, Debug, Error)]
pub enum RpcError {
    /// Nobody answered, or not in time. It may help to ask again.
    #[error("the RPC cannot be reached: {0}")]
    Unavailable(String),
    /// The RPC refused the question.
    #[error("the RPC refuses: {message} ({code})")]
    Refused {
        /// JSON-RPC's error code.
        code: i32,
        /// What the RPC says.
        message: String,
    },
    /// The answer is not what the protocol promises.
    #[error("the RPC's answer makes no sense: {0}")]
    Malformed(String),
}

/// The newest ledger that an RPC knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub ledger: u32,
    /// When it closed, in unix seconds, if the RPC says so.
    pub closed_at: Option<u64>,
}

/// What the ledger has of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The sequence number that it used last.
    pub sequence: i64,
    /// Its native balance, in stroops, reserves included.
    pub balance: i64,
}

/// Who signs for an account, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSigners {
    /// Ed25519 keys with their weights, the account's own among them. Other kinds
    /// of signers sign transactions alone.
    pub keys: Vec<([u8; 32], u32)>,
    /// What signatures must weigh together for a payment.
    pub medium_threshold: u32,
}

/// What became of handing a transaction in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It waits for a ledger.
    Pending,
    /// It was handed in before, and waits or is applied.
    Duplicate,
    /// This RPC takes none now, and has not taken this one.
    TryAgainLater,
    /// It is invalid as things are, and was not taken.
    Rejected(Rejection),
}

/// Why a transaction was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Stellar's name of the reason, such as `TxBadSeq`.
    pub code: String,
    /// Whether it is that its time is over.
    pub too_late: bool,
}

/// What is known of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is applied.
    Succeeded {
        /// In which ledger.
        ledger: u32,
        /// What the contract answered.
        value: ScVal,
    },
    /// It is in a ledger, took its sequence number and fee, and did nothing
    /// else.
    Failed {
        /// In which ledger.
        ledger: u32,
        /// Stellar's name of the reason.
        why: String,
    },
    /// The RPC has not seen it in the ledgers that it keeps.
    Missing {
        /// The oldest ledger that it keeps.
        oldest_ledger: u32,
        /// The newest.
        latest_ledger: u32,
        /// When the newest closed, in unix seconds.
        latest_closed_at: u64,
    },
}

/// Where to read events from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventStart {
    /// The first event of this ledger.
    Ledger(u32),
    /// The one after this cursor.
    After(String),
}

/// Events of one contract, in order.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The events.
    pub events: Vec<RawEvent>,
    /// Where the next page starts.
    pub cursor: String,
    /// The oldest ledger whose events the RPC keeps.
    pub oldest_ledger: u32,
    /// The newest ledger that it has read.
    pub latest_ledger: u32,
}

/// One event as the RPC gives it.
#[derive(Clone, Debug)]
pub struct RawEvent {
    /// Unique and ascending: TOID and index.
    pub id: String,
    /// The ledger that it happened in.
    pub ledger: u32,
    /// The transaction that made it, as hexadecimal.
    pub tx: String,
    /// Its topics.
    pub topics: Vec<ScVal>,
    /// Its data.
    pub value: ScVal,
}

/// A JSON-RPC connection to one Stellar network.
pub struct Rpc {
    client: Client,
    network: Network,
}

impl Rpc {
    /// Connects to the RPC at `url` and asks which network it serves.
    ///
    /// # Errors
    /// When the address is none, or nobody answers.
    pub async fn connect(url: &str) -> Result<Self, RpcError> {
        let client = Client::new(url)?;
        let answer = client.get_network().await?;
        let network = Network { passphrase: answer.passphrase, friendbot: answer.friendbot_url };
        Ok(Self { client, network })
    }

    /// The network that it serves.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The newest ledger.
    ///
    /// # Errors
    /// When the RPC does not answer.
    pub async fn head(&self) -> Result<Head, RpcError> {
        let answer: LatestLedger = self.call("getLatestLedger", ObjectParams::new()).await?;
        Ok(Head { ledger: answer.sequence, closed_at: answer.close_time })
    }

    /// The oldest ledger that the RPC keeps.
    ///
    /// # Errors
    /// When the RPC does not answer.
    pub async fn oldest_ledger(&self) -> Result<u32, RpcError> {
        Ok(self.client.get_health().await?.oldest_ledger)
    }

    /// A ledger entry and the ledger that last changed it.
    ///
    /// # Errors
    /// When the RPC does not answer.
    pub async fn entry(&self, key: LedgerKey) -> Result<Option<(LedgerEntryData, u32)>, RpcError> {
        let found = self.client.get_full_ledger_entries(&[key]).await?.entries;
        Ok(found.into_iter().next().map(|entry| (entry.val, entry.last_modified_ledger)))
    }

    /// Runs a transaction without applying it; with `enforce`, its
    /// authorization is checked and not only recorded.
    ///
    /// # Errors
    /// When the RPC does not answer. A call that fails is an answer.
    pub async fn simulate(
        &self,
        envelope: &TransactionEnvelope,
        enforce: bool,
    ) -> Result<SimulateTransactionResponse, RpcError> {
        let mode = if enforce { AuthMode::Enforce } else { AuthMode::Record };
        Ok(self.client.simulate_transaction_envelope(envelope, Some(mode)).await?)
    }

    /// Hands a signed transaction in.
    ///
    /// # Errors
    /// When there is no answer: it may have been taken nevertheless.
    pub async fn send(&self, signed: &Signed) -> Result<Sent, RpcError> {
        let mut params = ObjectParams::new();
        params.insert("transaction", &signed.envelope)?;
        let answer: SendAnswer = self.call("sendTransaction", params).await?;
        Ok(match answer.status.as_str() {
            "PENDING" => Sent::Pending,
            "DUPLICATE" => Sent::Duplicate,
            "TRY_AGAIN_LATER" => Sent::TryAgainLater,
            "ERROR" => Sent::Rejected(Rejection::read(answer.error_result_xdr.as_deref())),
            other => return Err(RpcError::Malformed(format!("sendTransaction says {other:?}"))),
        })
    }

    /// What is known of the transaction with this hash.
    ///
    /// # Errors
    /// When the RPC does not answer.
    pub async fn find(&self, hash: &[u8; 32]) -> Result<Found, RpcError> {
        let mut params = ObjectParams::new();
        params.insert("hash", hex::encode(hash))?;
        let answer: FindAnswer = self.call("getTransaction", params).await?;
        match answer.status.as_str() {
            "NOT_FOUND" => Ok(Found::Missing {
                oldest_ledger: answer.oldest_ledger,
                latest_ledger: answer.latest_ledger,
                latest_closed_at: answer.latest_ledger_close_time,
            }),
            "SUCCESS" => answer.succeeded(),
            "FAILED" => answer.failed(),
            other => Err(RpcError::Malformed(format!("getTransaction says {other:?}"))),
        }
    }

    /// The next events of `contract`, at most `limit` (1 to 10,000).
    ///
    /// # Errors
    /// When the RPC does not answer, or no longer keeps what `start` names.
    pub async fn events(&self, contract: Address, start: &EventStart, limit: usize) -> Result<EventPage, RpcError> {
        use stellar_rpc_client::{EventStart as Start, EventType};
        let start = match start {
            EventStart::Ledger(ledger) => Start::Ledger(*ledger),
            EventStart::After(cursor) => Start::Cursor(cursor.clone()),
        };
        let contracts = [contract.to_string()];
        let answer = self.client.get_events(start, Some(EventType::Contract), &contracts, &[], Some(limit)).await?;
        let events = answer.events.into_iter().map(RawEvent::read).collect::<Result<_, _>>()?;
        Ok(EventPage {
            events,
            cursor: answer.cursor,
            oldest_ledger: answer.oldest_ledger,
            latest_ledger: answer.latest_ledger,
        })
    }

    /// Unix seconds by this machine's clock. Time bounds are set by it, as by
    /// every client of this network.
    #[must_use]
    pub fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    async fn call<T: DeserializeOwned>(&self, method: &str, params: ObjectParams) -> Result<T, RpcError> {
        Ok(self.client.client().request(method, params).await?)
    }
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: providers put their keys into it.
        write!(f, "Rpc({:?})", self.network.passphrase)
    }
}

impl Rejection {
    fn read(result: Option<&str>) -> Self {
        let result = result
            .and_then(|text| TransactionResult::from_xdr_base64(text, Limits::none()).ok())
            .map(|result| result.result);
        let too_late = matches!(result, Some(TransactionResultResult::TxTooLate));
        Self { code: result.as_ref().map_or("unknown", |r| r.name()).to_owned(), too_late }
    }
}

impl RawEvent {
    fn read(event: stellar_rpc_client::Event) -> Result<Self, RpcError> {
        let value = |text: &String| {
            ScVal::from_xdr_base64(text, Limits::none())
                .map_err(|error| RpcError::Malformed(format!("event {}: {error}", event.id)))
        };
        Ok(Self {
            topics: event.topic.iter().map(value).collect::<Result<_, _>>()?,
            value: value(&event.value)?,
            tx: event.tx_hash.clone().unwrap_or_default(),
            ledger: event.ledger,
            id: event.id.clone(),
        })
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Call(error) => Self::Refused { code: error.code(), message: error.message().to_owned() },
            CallError::ParseError(error) => Self::Malformed(error.to_string()),
            other => Self::Unavailable(chain_of(&other)),
        }
    }
}

impl From<stellar_rpc_client::Error> for RpcError {
    fn from(error: stellar_rpc_client::Error) -> Self {
        match error {
            stellar_rpc_client::Error::JsonRpc(error) => error.into(),
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl From<stellar_xdr::Error> for RpcError {
    fn from(error: stellar_xdr::Error) -> Self {
        Self::Malformed(format!("XDR: {error}"))
    }
}

impl From<serde_json::Error> for RpcError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// An error with its causes: transports hide the one that matters at the end.
fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
