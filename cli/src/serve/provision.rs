//! Open mode's newcomers: 10,000 XLM for each, by a real deposit.

use std::future::Future;
use std::pin::Pin;

use berth_domain::{Address, Stroops};
use berth_gateway::{Provision, ProvisionError};
use berth_settlement::Faucet;
use berth_settlement::contract::Escrow;

use crate::fault::{Fault, While};

/// 10,000 XLM in stroops.
const GIFT: i64 = 100_000_000_000;

pub(super) struct FaucetProvision {
    faucet: Faucet,
}

impl FaucetProvision {
    pub(super) fn new(escrow: Escrow) -> Result<Self, Fault> {
        Ok(Self { faucet: Faucet::new(escrow).or_fault("--open")? })
    }
}

impl Provision for FaucetProvision {
    fn provision(&self, address: Address) -> Pin<Box<dyn Future<Output = Result<(), ProvisionError>> + Send + '_>> {
        Box::pin(async move {
            let to = berth_settlement::chain::Address::Account(address.0);
            let gift = Stroops::new(GIFT).expect("the gift is positive");
            self.faucet.deposit(to, gift).await.map_err(|cause| ProvisionError(cause.to_string()))
        })
    }
}
