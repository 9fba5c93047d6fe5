//! The network's limits, prices and cost model, from `settings.json`.
//!
//! Limits and prices are those of the test network under protocol 27. How long
//! a persistent entry lives is configured. The cost model is the host's own
//! default, one line per cost type: `[constant, linear × 128]` for instructions
//! and for bytes of memory.

use crate::Error;
use serde::Deserialize;
use soroban_env_host::budget::Budget;
use soroban_env_host::fees::{
    FeeConfiguration, RentFeeConfiguration, RentWriteFeeConfiguration, compute_rent_write_fee_per_1kb,
};
use soroban_simulation::NetworkConfig;
use stellar_xdr::{ContractCostParamEntry, ContractCostParams, ContractCostType, ExtensionPoint};

/// The protocol that this ledger speaks.
pub(crate) const PROTOCOL: u32 = 27;
/// Stroops that each of an account's entries locks.
pub(crate) const BASE_RESERVE: u32 = 5_000_000;
/// Stroops per operation.
pub(crate) const BASE_FEE: u32 = 100;
/// Transactions in one ledger, at most.
pub(crate) const LEDGER_TRANSACTIONS_MAX: usize = 100;

const EMBEDDED: &str = include_str!("settings.json");

/// Everything that a network configures.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What simulation and fees need, in their own shape.
    pub(crate) network: NetworkConfig,
    pub(crate) transaction: TransactionLimits,
    pub(crate) contract: ContractLimits,
}

/// Bounds of one transaction.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransactionLimits {
    pub(crate) instructions_max: u32,
    pub(crate) memory_bytes_max: u32,
    pub(crate) size_bytes_max: u32,
    pub(crate) footprint_entries_max: u32,
    pub(crate) disk_read_entries_max: u32,
    pub(crate) disk_read_bytes_max: u32,
    pub(crate) write_entries_max: u32,
    pub(crate) write_bytes_max: u32,
    pub(crate) event_bytes_max: u32,
}

/// Bounds of what contracts store.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContractLimits {
    pub(crate) code_bytes_max: u32,
    pub(crate) data_key_bytes_max: u32,
    pub(crate) data_entry_bytes_max: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    transaction: TransactionLimits,
    contract: ContractLimits,
    fee: Fee,
    rent: Rent,
    ttl: Ttl,
    cost: Vec<Cost>,
}

/// Stroops.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fee {
    per_10000_instructions: i64,
    per_disk_read_entry: i64,
    per_disk_read_1kb: i64,
    per_write_entry: i64,
    per_write_1kb: i64,
    per_historical_1kb: i64,
    per_event_1kb: i64,
    per_transaction_1kb: i64,
}

/// What a kilobyte costs depends, on a real network, on how much state there
/// is; here the state's size is assumed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rent {
    state_bytes_assumed: i64,
    state_bytes_target: i64,
    fee_1kb_at_zero: i64,
    fee_1kb_at_target: i64,
    growth_factor: u32,
    persistent_denominator: i64,
    temporary_denominator: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ttl {
    temporary_ledgers_min: u32,
    ledgers_max: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    r#type: String,
    cpu: [i64; 2],
    memory: [i64; 2],
}

impl Settings {
    /// The settings that are built in, with persistent entries that live for
    /// `persistent_ttl` ledgers.
    pub(crate) fn embedded(persistent_ttl: u32) -> Result<Self, Error> {
        let file: File = serde_json::from_str(EMBEDDED).map_err(|error| Error::Host(format!("settings: {error}")))?;
        let network = file.network(persistent_ttl)?;
        Ok(Self { network, transaction: file.transaction, contract: file.contract })
    }

    /// The meter of one transaction that declared `instructions`.
    pub(crate) fn budget(&self, instructions: u32) -> Result<Budget, Error> {
        let network = &self.network;
        Ok(Budget::try_from_configs(
            u64::from(instructions),
            u64::from(network.tx_memory_limit),
            network.cpu_cost_params.clone(),
            network.memory_cost_params.clone(),
        )?)
    }
}

impl File {
    fn network(&self, persistent_ttl: u32) -> Result<NetworkConfig, Error> {
        let (fee, rent, ttl) = (&self.fee, &self.rent, &self.ttl);
        let rent_write = RentWriteFeeConfiguration {
            state_target_size_bytes: rent.state_bytes_target,
            rent_fee_1kb_state_size_low: rent.fee_1kb_at_zero,
            rent_fee_1kb_state_size_high: rent.fee_1kb_at_target,
            state_size_rent_fee_growth_factor: rent.growth_factor,
        };
        Ok(NetworkConfig {
            fee_configuration: FeeConfiguration {
                fee_per_instruction_increment: fee.per_10000_instructions,
                fee_per_disk_read_entry: fee.per_disk_read_entry,
                fee_per_write_entry: fee.per_write_entry,
                fee_per_disk_read_1kb: fee.per_disk_read_1kb,
                fee_per_write_1kb: fee.per_write_1kb,
                fee_per_historical_1kb: fee.per_historical_1kb,
                fee_per_contract_event_1kb: fee.per_event_1kb,
                fee_per_transaction_size_1kb: fee.per_transaction_1kb,
            },
            rent_fee_configuration: RentFeeConfiguration {
                fee_per_write_1kb: fee.per_write_1kb,
                fee_per_rent_1kb: compute_rent_write_fee_per_1kb(rent.state_bytes_assumed, &rent_write),
                fee_per_write_entry: fee.per_write_entry,
                persistent_rent_rate_denominator: rent.persistent_denominator,
                temporary_rent_rate_denominator: rent.temporary_denominator,
            },
            tx_max_instructions: i64::from(self.transaction.instructions_max),
            tx_memory_limit: self.transaction.memory_bytes_max,
            cpu_cost_params: self.costs(|cost| cost.cpu)?,
            memory_cost_params: self.costs(|cost| cost.memory)?,
            min_temp_entry_ttl: ttl.temporary_ledgers_min,
            min_persistent_entry_ttl: persistent_ttl,
            max_entry_ttl: ttl.ledgers_max,
        })
    }

    /// One dimension of the cost model, in the protocol's order of types.
    fn costs(&self, dimension: impl Fn(&Cost) -> [i64; 2]) -> Result<ContractCostParams, Error> {
        let types = ContractCostType::variants();
        if self.cost.len() != types.len() {
            return Err(Error::Host(format!("settings: {} cost types of {}", self.cost.len(), types.len())));
        }
        let mut params = Vec::with_capacity(types.len());
        for (kind, cost) in types.iter().zip(&self.cost) {
            if kind.name() != cost.r#type {
                return Err(Error::Host(format!("settings: cost type {} in place of {}", cost.r#type, kind.name())));
            }
            let [const_term, linear_term] = dimension(cost);
            params.push(ContractCostParamEntry { ext: ExtensionPoint::V0, const_term, linear_term });
        }
        let params = params.try_into().map_err(|_| Error::Host("settings: too many cost types".into()))?;
        Ok(ContractCostParams(params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_settings_make_a_budget() {
        let settings = Settings::embedded(100).expect("the file is part of the build");
        let budget = settings.budget(1_000).expect("the cost model fits the host");
        assert_eq!(budget.get_cpu_insns_remaining().ok(), Some(1_000));
        // A kilobyte never costs less than the protocol's floor.
        assert!(settings.network.rent_fee_configuration.fee_per_rent_1kb >= 1_000);
    }
}
