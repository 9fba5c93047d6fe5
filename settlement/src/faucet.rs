//! Test money, on networks that give it away.

use std::sync::Arc;
use std::time::Duration;

use berth_wire::domain::Stroops;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::chain::{Address, Key, KeyError, Rpc, RpcError, SendError, Sender};
use crate::contract::{Escrow, ViewError};

/// What a funder keeps back for its reserve and for fees: 10 XLM in stroops.
const KEPT: i64 = 100_000_000;

/// Until when a mandate over test money holds: the year 2100.
const MANDATE_UNTIL: u64 = 4_102_444_800;

/// How long a friendbot may take to answer.
const FRIENDBOT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no test money.
#[derive(Debug, Error)]
pub enum FaucetError {
    /// Money of the public network is real.
    #[error("this is Stellar's public network: nobody gives money away there")]
    Public,
    /// The network gives none.
    #[error("this network has no friendbot: fund {0} by hand")]
    NoFriendbot(Address),
    /// The network's friendbot wants HTTPS, which is not built in.
    #[error("open {0} in a browser: this friendbot is not asked over plain HTTP")]
    Https(String),
    /// The friendbot refuses, or does not answer.
    #[error("the friendbot gives nothing: {0}")]
    Friendbot(String),
    /// One account cannot fund so much.
    #[error("{wanted} is more than the {given} that the friendbot gives to one account")]
    TooMuch {
        /// What was asked for.
        wanted: Stroops,
        /// What an account gets.
        given: Stroops,
    },
    /// The RPC gave no usable answer.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The deposit is not applied.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The contract gave no usable answer.
    #[error(transparent)]
    View(#[from] ViewError),
    /// There is no new key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Has the network's friendbot open and fund an account. One that exists
/// already is left as it is.
///
/// # Errors
/// On the public network, and when there is no friendbot or it refuses.
pub async fn fund(rpc: &Rpc, account: Address) -> Result<(), FaucetError> {
    if rpc.network().is_public() {
        return Err(FaucetError::Public);
    }
    if rpc.account(account).await?.is_some() {
        return Ok(());
    }
    let friendbot = rpc.network().friendbot.as_deref().ok_or(FaucetError::NoFriendbot(account))?;
    let separator = if friendbot.contains('?') { '&' } else { '?' };
    let url = format!("{friendbot}{separator}addr={account}");
    if url.starts_with("https:") {
        return Err(FaucetError::Https(url));
    }
    let failed = |error: reqwest::Error| FaucetError::Friendbot(error.to_string());
    let answer = ask(&url, FRIENDBOT_TIMEOUT).await.map_err(failed)?;
    let status = answer.status();
    // What counts is the ledger: someone else may have asked at the same time.
    if rpc.account(account).await?.is_some() {
        return Ok(());
    }
    let text = answer.text().await.map_err(failed)?;
    Err(FaucetError::Friendbot(format!("{status}: {}", text.chars().take(200).collect::<String>())))
}

/// A friendbot that is asked over plain HTTP is near: on this machine, or in
/// this network. A proxy that the environment names is for what is not.
async fn ask(url: &str, timeout: Duration) -> Result<reqwest::Response, reqwest::Error> {
    berth_client::use_ring();
    reqwest::Client::builder().no_proxy().timeout(timeout).build()?.get(url).send().await
}

/// Deposits test money into the escrow contract for others.
#[derive(Debug)]
pub struct Faucet {
    rpc: Arc<Rpc>,
    escrow: Escrow,
    // The friendbot funds an account once, so funders are used up one by one.
    funder: Mutex<Option<Sender>>,
}

impl Faucet {
    /// A faucet into `escrow`.
    ///
    /// # Errors
    /// On the public network.
    pub fn new(escrow: Escrow) -> Result<Self, FaucetError> {
        let rpc = Arc::clone(escrow.rpc());
        if rpc.network().is_public() {
            return Err(FaucetError::Public);
        }
        Ok(Self { rpc, escrow, funder: Mutex::new(None) })
    }

    /// Pays `amount` into the balance of `to`, out of an account that the
    /// friendbot funds. The contract's token must be the native one.
    ///
    /// # Errors
    /// When the friendbot gives nothing, or the deposit is not applied.
    pub async fn deposit(&self, to: Address, amount: Stroops) -> Result<(), FaucetError> {
        let mut slot = self.funder.lock().await;
        let mut funder = match slot.take() {
            Some(funder) => funder,
            None => self.new_funder().await?,
        };
        if self.spendable(&funder).await? < amount {
            funder = self.new_funder().await?;
            let given = self.spendable(&funder).await?;
            if given < amount {
                return Err(FaucetError::TooMuch { wanted: amount, given });
            }
        }
        let call = self.escrow.deposit(funder.address(), to, self.token(), amount);
        funder.call(call).await?;
        *slot = Some(funder);
        Ok(())
    }

    /// Lets the operator lock any of `key`'s test money for leases: signs a mandate
    /// without limits that matter, unless there is one. Whoever knows the key has
    /// given the money away already.
    ///
    /// # Errors
    /// When the account cannot be funded, or the mandate is not applied.
    pub async fn allow(&self, key: Key) -> Result<(), FaucetError> {
        let account = key.address();
        let signed = self.escrow.tenant_mandate(account, self.token()).await?;
        if signed.is_some_and(|mandate| mandate.until == MANDATE_UNTIL) {
            return Ok(());
        }
        fund(&self.rpc, account).await?;
        let most = Stroops::MAX;
        let call = self.escrow.set_tenant_mandate(account, self.token(), most, most, MANDATE_UNTIL);
        Sender::new(Arc::clone(&self.rpc), key).call(call).await?;
        Ok(())
    }

    fn token(&self) -> Address {
        self.rpc.network().native_token()
    }

    async fn new_funder(&self) -> Result<Sender, FaucetError> {
        let key = Key::generate()?;
        fund(&self.rpc, key.address()).await?;
        Ok(Sender::new(Arc::clone(&self.rpc), key))
    }

    async fn spendable(&self, funder: &Sender) -> Result<Stroops, FaucetError> {
        let account = self.rpc.account(funder.address()).await?;
        let left = account.map_or(0, |account| account.balance - KEPT);
        Ok(Stroops::new(left).unwrap_or(Stroops::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_friendbot_that_says_nothing_is_given_up() {
        // It takes connections, and never reads from one.
        let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/friendbot?addr=G", mute.local_addr().unwrap());
        let asked = tokio::time::timeout(Duration::from_secs(5), ask(&url, Duration::from_millis(100))).await;
        assert!(asked.expect("it ends by itself").unwrap_err().is_timeout());
    }
}
