//! The escrow contract, typed: its calls, what it answers, what it publishes,
//! and how it is deployed.

mod calls;
mod deploy;
mod event;
mod receipt;
mod refusal;
mod types;
mod views;

pub use calls::{deposit, request_withdraw, set_provider_mandate, set_tenant_mandate};
pub(crate) use deploy::instance_of;
pub use deploy::{DeployError, deploy};
pub use event::{EscrowEvent, read_event};
pub use receipt::receipt_message;
pub use refusal::Refusal;
pub use types::{
    Config, LeaseRecord, Outcome, Payment, ProviderMandate, Receipt, Request, Settle, TenantMandate, Terms,
};
pub use views::ViewError;

use std::sync::Arc;

use crate::chain::{Address, Rpc};

/// The escrow contract on one network.
#[derive(Clone, Debug)]
pub struct Escrow {
    rpc: Arc<Rpc>,
    id: Address,
}

impl Escrow {
    /// The contract `id` on the network that `rpc` serves.
    #[must_use]
    pub fn new(rpc: Arc<Rpc>, id: Address) -> Self {
        Self { rpc, id }
    }

    /// Its address.
    #[must_use]
    pub fn id(&self) -> Address {
        self.id
    }

    /// The network's RPC.
    #[must_use]
    pub fn rpc(&self) -> &Arc<Rpc> {
        &self.rpc
    }
}
