//! Open mode's newcomers: 10,000 XLM for each, by a real deposit, and a mandate
//! where the node knows their key.

use std::future::Future;
use std::pin::Pin;

use berth_domain::Stroops;
use berth_gateway::{Provision, ProvisionError};
use berth_settlement::Faucet;
use berth_settlement::chain::{Address, Key};
use berth_settlement::contract::Escrow;
use berth_wire::address::OpenIdentity;

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
    fn provision(&self, who: OpenIdentity) -> Pin<Box<dyn Future<Output = Result<(), ProvisionError>> + Send + '_>> {
        Box::pin(async move {
            let gift = Stroops::new(GIFT).expect("the gift is positive");
            // The mandate first: with the deposit the account exists, and may order.
            let given = async {
                if let Some(seed) = who.seed {
                    self.faucet.allow(Key::from_seed(&seed)).await?;
                }
                self.faucet.deposit(Address::Account(who.address.0), gift).await
            };
            given.await.map_err(|cause| ProvisionError(cause.to_string()))
        })
    }
}
