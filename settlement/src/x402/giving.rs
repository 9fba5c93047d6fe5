//! What is due of payments: found out after a start, and given out.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use berth_wire::domain::Stroops;
use stellar_xdr::HostFunction;
use tracing::{error, info, warn};

use super::{Desk, Payment, Purpose, Stage};
use crate::chain::{Acting, Delivery, Sender, prepare, value};
use crate::store::StoreError;

/// The first and the longest wait before what could not be given is tried again.
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(300);
/// How long the desk's mandate lasts, in seconds: two years. A start in the second
/// half signs it anew.
const MANDATE_SECONDS: u64 = 2 * 365 * 86_400;

impl Desk {
    /// Finds out what became of what was under way, then gives out what is due,
    /// for ever.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work(&self) -> Result<Infallible, StoreError> {
        for mut payment in self.payments.unfinished()? {
            if let Stage::Sealed { signed } = payment.stage.clone() {
                self.settle(&mut payment, &signed, false).await?;
            }
        }
        self.ready.store(true, Ordering::Release);
        let mut waits: BTreeMap<String, (Duration, Instant)> = BTreeMap::new();
        let mut allows = false;
        loop {
            let unfinished = self.payments.unfinished()?;
            // One that may be on its way goes first: its sequence number is taken.
            let (giving, due): (Vec<_>, Vec<_>) =
                unfinished.into_iter().partition(|payment| matches!(payment.stage, Stage::Giving { .. }));
            for mut payment in giving.into_iter().chain(due) {
                if !matches!(payment.stage, Stage::Giving { .. } | Stage::Due { .. })
                    || waits.get(&payment.id).is_some_and(|(_, until)| *until > Instant::now())
                {
                    continue;
                }
                match self.give(&mut payment).await? {
                    Ok(()) => drop(waits.remove(&payment.id)),
                    Err(why) => {
                        let length = waits.get(&payment.id).map_or(WAIT_FIRST, |(last, _)| (*last * 2).min(WAIT_MAX));
                        warn!(payment = payment.id, why, "what is due of a payment by x402 cannot be given now");
                        waits.insert(payment.id, (length, Instant::now() + length));
                    }
                }
            }
            // Nothing of the desk's account is under way now.
            if !allows {
                match self.allow().await {
                    Ok(()) => allows = true,
                    Err(why) => {
                        warn!(why, "the desk has signed no mandate: what it orders cannot be locked");
                        tokio::time::sleep(WAIT_FIRST).await;
                    }
                }
            }
            // What failed is looked at again soon enough.
            let _ = tokio::time::timeout(WAIT_FIRST, self.due.notified()).await;
        }
    }

    /// Lets the operator lock the desk's money for what it orders: the contract
    /// asks for the desk's mandate as for anybody's.
    async fn allow(&self) -> Result<(), String> {
        let desk = self.key.address();
        let signed = self.escrow.tenant_mandate(desk, self.asset).await.map_err(|why| why.to_string())?;
        let lasts = |until: u64| until > self.rpc.now() + MANDATE_SECONDS / 2;
        if signed.is_some_and(|mandate| mandate.per_lease == self.most && lasts(mandate.until)) {
            return Ok(());
        }
        let until = self.rpc.now() + MANDATE_SECONDS;
        let call = self.escrow.set_tenant_mandate(desk, self.asset, self.most, Stroops::MAX, until);
        let sender = Sender::new(Arc::clone(&self.rpc), self.key.clone());
        sender.call(call).await.map_err(|why| why.to_string())?;
        Ok(())
    }

    /// Gives out what is due of a payment; why not, otherwise.
    async fn give(&self, payment: &mut Payment) -> Result<Result<(), String>, StoreError> {
        let (order, back, signed, fresh) = match payment.stage.clone() {
            Stage::Giving { order, back, signed } => (order, back, signed, false),
            Stage::Due { order, back } => {
                let signed = match prepare(&self.rpc, Acting::alone(&self.key), self.gift(payment, back)).await {
                    Ok(signed) => signed,
                    Err(error) => return Ok(Err(error.to_string())),
                };
                self.payments.set(payment, Stage::Giving { order, back, signed: signed.clone() })?;
                (order, back, signed, true)
            }
            _ => return Ok(Ok(())),
        };
        let failed = match self.delivered(&signed, fresh).await {
            Delivery::Applied(_) => {
                let tx = Some(hex::encode(signed.hash));
                info!(payment = payment.id, %back, tx, "given out of a payment by x402");
                self.payments.set(payment, Stage::Done { order, back, tx })?;
                return Ok(Ok(()));
            }
            Delivery::Forgotten => {
                let why = format!("the RPC no longer keeps the ledgers of transaction {}", hex::encode(signed.hash));
                error!(payment = payment.id, why, "what is due of a payment by x402 is lost sight of");
                self.payments.set(payment, Stage::Lost { why })?;
                return Ok(Ok(()));
            }
            Delivery::Failed(why) => why,
            Delivery::Rejected(why) => why.code,
            Delivery::Expired => "its time was over".to_owned(),
        };
        self.payments.set(payment, Stage::Due { order, back })?;
        Ok(Err(failed))
    }

    fn gift(&self, payment: &Payment, back: Stroops) -> HostFunction {
        let desk = self.key.address();
        match payment.purpose {
            Purpose::Job => {
                let args = vec![value::address(desk), value::address(payment.payer), value::amount(back)];
                value::call(self.asset, "transfer", args)
            }
            Purpose::Deposit { account } => self.escrow.deposit(desk, account, self.asset, back),
        }
    }
}
