//! The till: payments for single calls, by x402.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::{Address, Digest, OrderId, Stroops};
use berth_gateway::{BooksFail, Call, Open, Paid, Purpose, Till, TillError};
use berth_settlement::chain::{self, Key};
use berth_settlement::contract::Escrow;
use berth_settlement::x402::{self, Desk, DeskConfig, DeskError, Fault, Receipt, Required, Resource, Stage};
use berth_settlement::{StoreError, fund};
use berth_wire::response::{Payment, PaymentState};
use futures_util::future::BoxFuture;
use tracing::{error, info, warn};

use crate::config::X402;
use crate::fault::{Fault as Failure, While};
use crate::keys;

/// What a job's answer is.
const ANSWERS: &str = "application/json";

/// Payments by x402, and the desk that has them.
pub(super) struct X402Till {
    desk: Arc<Desk>,
    most: Stroops,
    wait: Duration,
}

impl X402Till {
    /// Opens it where a price is set, and begins to work off what is due.
    pub(super) async fn open(
        config: &X402,
        data: &Path,
        (escrow, asset): (&Escrow, chain::Address),
        log: Digest,
    ) -> Result<Option<Self>, Failure> {
        let Some(price) = config.price else { return Ok(None) };
        let (facilitator, desk) = (keys::kept(data, "facilitator")?, keys::kept(data, "desk")?);
        for (key, what) in [(&facilitator, "pays the network for payments by x402"), (&desk, "is paid by x402")] {
            prepare(escrow, key, what).await;
        }
        let opened = Desk::open(DeskConfig {
            escrow: escrow.clone(),
            asset,
            facilitator,
            desk,
            price: price.0,
            most: config.most.0,
            fee_max: u32::try_from(config.fee_max.0.get()).unwrap_or(u32::MAX),
            data_dir: data.join("x402"),
            log: log.to_string(),
        });
        let desk = Arc::new(opened.or_fault("opening the payments by x402")?);
        let worker = desk.clone();
        tokio::spawn(async move {
            let Err(cause) = worker.work().await;
            error!(%cause, "payments by x402 are not worked off any more");
        });
        let wait = Duration::from_secs(config.wait_seconds.get());
        Ok(Some(Self { desk, most: config.most.0, wait }))
    }

    fn terms(&self, call: &Call) -> x402::Terms {
        self.desk.terms(call.amount)
    }

    async fn taken(&self, header: &str, call: Call) -> Result<Paid, TillError> {
        let terms = self.terms(&call);
        let network = terms.network.clone();
        let purpose = match call.purpose {
            Purpose::Job => x402::Purpose::Job,
            Purpose::Deposit(account) => x402::Purpose::Deposit { account: chain::Address::Account(account.0) },
        };
        match self.desk.take(header, &terms, purpose).await {
            Ok(payment) => {
                let payer = Some(payment.payer.to_string());
                let receipt =
                    Receipt { success: true, error_reason: None, payer, transaction: payment.id.clone(), network };
                Ok(Paid { id: payment.id, receipt: receipt.header() })
            }
            Err(DeskError::Refused { fault, detail, payer }) => {
                let receipt = Receipt {
                    success: false,
                    error_reason: Some(fault.to_string()),
                    payer: payer.map(|payer| payer.to_string()),
                    transaction: String::new(),
                    network,
                };
                let required = self.ask(&call, &fault.to_string());
                let detail = if detail == fault.to_string() { detail } else { format!("{fault}: {detail}") };
                Err(TillError::Refused { detail, required, receipt: receipt.header() })
            }
            Err(unreadable @ DeskError::Unreadable) => Err(TillError::Unreadable(unreadable.to_string())),
            Err(DeskError::Replayed(id)) => Err(TillError::Taken(id)),
            Err(DeskError::Unable(why)) => Err(TillError::Unavailable(why)),
            Err(DeskError::Unknown(why)) => Err(TillError::Unknown(why)),
            Err(DeskError::Store(cause)) => {
                error!(%cause, "a payment by x402 cannot be kept");
                Err(TillError::Unknown("the node cannot keep payments now".to_owned()))
            }
        }
    }
}

/// Has the network open an account where it gives money away; elsewhere that is
/// for the operator to do.
async fn prepare(escrow: &Escrow, key: &Key, what: &str) {
    let address = key.address();
    match fund(escrow.rpc(), address).await {
        Ok(()) => info!(account = %address, "this account {what}"),
        Err(cause) => match escrow.rpc().account(address).await {
            Ok(Some(_)) => info!(account = %address, "this account {what}"),
            _ => warn!(account = %address, %cause, "this account {what}, and is not on the ledger: pay into it"),
        },
    }
}

impl Till for X402Till {
    fn desk(&self) -> Address {
        match self.desk.address() {
            chain::Address::Account(key) | chain::Address::Contract(key) => Address(key),
        }
    }

    fn price(&self) -> Stroops {
        self.desk.price()
    }

    fn most(&self) -> Stroops {
        self.most
    }

    fn wait(&self) -> Duration {
        self.wait
    }

    fn ask(&self, call: &Call, why: &str) -> String {
        let resource =
            Resource { url: call.url.clone(), description: call.description.clone(), mime_type: ANSWERS.to_owned() };
        let accepts = vec![self.terms(call).requirements()];
        Required { x402_version: 2, error: why.to_owned(), resource, accepts }.header()
    }

    fn take(&self, header: String, call: Call) -> BoxFuture<'_, Result<Paid, TillError>> {
        Box::pin(async move { self.taken(&header, call).await })
    }

    fn ordered(&self, id: &str, order: OrderId) -> Result<(), BooksFail> {
        self.desk.ordered(id, order.0).map_err(fails)
    }

    fn close(&self, id: &str, cost: Option<Stroops>) -> Result<(), BooksFail> {
        self.desk.close(id, cost).map_err(fails)
    }

    fn let_go(&self, id: &str) {
        self.desk.let_go(id);
    }

    fn open(&self) -> Result<Vec<Open>, BooksFail> {
        let waiting = self.desk.waiting().map_err(fails)?;
        Ok(waiting.into_iter().map(|due| Open { id: due.id, order: due.order.map(OrderId) }).collect())
    }

    fn payment(&self, id: &str) -> Result<Option<Payment>, BooksFail> {
        Ok(self.desk.payment(id).map_err(fails)?.map(shown))
    }

    fn payer_of(&self, order: OrderId) -> Result<Option<Address>, BooksFail> {
        Ok(self.desk.of_order(order.0).map_err(fails)?.map(|payment| key(payment.payer)))
    }
}

fn fails(cause: StoreError) -> BooksFail {
    error!(%cause, "the payments by x402");
    BooksFail
}

fn key(address: chain::Address) -> Address {
    match address {
        chain::Address::Account(key) | chain::Address::Contract(key) => Address(key),
    }
}

/// A payment as anyone may see it.
fn shown(payment: x402::Payment) -> Payment {
    let order_id = payment.stage.order();
    let (state, detail, returned, return_transaction) = match payment.stage {
        Stage::Sealed { .. } => (PaymentState::Paying, String::new(), None, None),
        Stage::Void { why } => (PaymentState::Void, format!("{}: {why}", Fault::Failed), None, None),
        Stage::Held => (PaymentState::Paid, String::new(), None, None),
        Stage::Ordered { .. } => (PaymentState::Ordered, String::new(), None, None),
        Stage::Due { back, .. } => (PaymentState::Returning, String::new(), Some(back), None),
        Stage::Giving { back, signed, .. } => {
            (PaymentState::Returning, String::new(), Some(back), Some(Digest(signed.hash).to_string()))
        }
        Stage::Done { back, tx, .. } => (PaymentState::Done, String::new(), Some(back), tx),
        Stage::Lost { why } => (PaymentState::Lost, why, None, None),
    };
    let account = match payment.purpose {
        x402::Purpose::Job => None,
        x402::Purpose::Deposit { account } => Some(key(account)),
    };
    Payment {
        id: payment.id,
        state,
        detail,
        payer: key(payment.payer),
        amount: payment.amount,
        price: payment.price,
        account,
        order_id,
        returned,
        return_transaction,
    }
}
