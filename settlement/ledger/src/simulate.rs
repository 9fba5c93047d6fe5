//! Running a transaction without applying it.

use crate::Error;
use crate::apply::Context;
use crate::state::{State, View};
use soroban_env_host::e2e_invoke::RecordingInvocationAuthMode;
use soroban_simulation::AutoRestoringSnapshotSource;
use soroban_simulation::simulation::{
    ExtendTtlOpSimulationResult, InvokeHostFunctionSimulationResult, RestoreOpSimulationResult,
    SimulationAdjustmentConfig, simulate_extend_ttl_op, simulate_invoke_host_function_op, simulate_restore_op,
};
use std::rc::Rc;
use stellar_xdr::{AccountId, HostFunction, LedgerKey, SorobanTransactionData};

/// Runs a host function for `source` on `state`, adding `leeway` instructions
/// to what it took.
pub(crate) fn call(
    context: &Context,
    state: State,
    source: &AccountId,
    function: HostFunction,
    auth: RecordingInvocationAuthMode,
    leeway: u32,
) -> Result<InvokeHostFunctionSimulationResult, String> {
    // A recorded nonce comes from this seed: a fixed one would repeat it.
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| error.to_string())?;
    let mut adjustment = SimulationAdjustmentConfig::default_adjustment();
    adjustment.instructions.additive_factor = adjustment.instructions.additive_factor.max(leeway);
    let view = Rc::new(View { state, seq: context.seq });
    let (network, info) = (&context.settings.network, context.ledger_info());
    simulate_invoke_host_function_op(view, network, &adjustment, &info, function, auth, source, seed, true)
        .map_err(|error| error.to_string())
}

/// What extending lives would take.
pub(crate) struct Extended {
    pub(crate) data: SorobanTransactionData,
    /// What restoring those that are archived would take, which comes first.
    pub(crate) restored_before: Option<SorobanTransactionData>,
}

/// What extending the lives of `keys` would take.
pub(crate) fn extend(context: &Context, state: State, keys: &[LedgerKey], extend_to: u32) -> Result<Extended, String> {
    let (network, info) = (&context.settings.network, context.ledger_info());
    let view = AutoRestoringSnapshotSource::new(Rc::new(View { state, seq: context.seq }), &info)
        .map_err(|error| error.to_string())?;
    if extend_to >= network.max_entry_ttl {
        return Err(format!("extendTo must be less than {}", network.max_entry_ttl));
    }
    let adjustment = SimulationAdjustmentConfig::default_adjustment();
    let ExtendTtlOpSimulationResult { transaction_data: data } =
        simulate_extend_ttl_op(&view, network, &adjustment, &info, keys, extend_to)
            .map_err(|error| error.to_string())?;
    let restored = view.simulate_restore_keys_op(network, &adjustment, &info).map_err(|error| error.to_string())?;
    let restored_before = restored.map(|RestoreOpSimulationResult { transaction_data }| transaction_data);
    Ok(Extended { data, restored_before })
}

/// What restoring `keys` would take.
pub(crate) fn restore(context: &Context, state: State, keys: &[LedgerKey]) -> Result<SorobanTransactionData, String> {
    let view = View { state, seq: context.seq };
    let (network, info) = (&context.settings.network, context.ledger_info());
    let adjustment = SimulationAdjustmentConfig::default_adjustment();
    simulate_restore_op(&view, network, &adjustment, &info, keys)
        .map(|RestoreOpSimulationResult { transaction_data }| transaction_data)
        .map_err(|error| error.to_string())
}

/// The resources and footprint of a call that must succeed.
pub(crate) fn record_footprint(
    context: &Context,
    state: &State,
    source: &AccountId,
    function: &HostFunction,
) -> Result<SorobanTransactionData, Error> {
    let auth = RecordingInvocationAuthMode::recording(true, false);
    let result = call(context, state.clone(), source, function.clone(), auth, 0).map_err(Error::Host)?;
    result.invoke_result?;
    result.transaction_data.ok_or_else(|| Error::Host("the simulation gave no footprint".into()))
}
