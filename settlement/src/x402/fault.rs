use thiserror::Error;

/// What is wrong with a payment. The words are those of x402's official
/// facilitator for Stellar, which programs compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// Not version 2.
    #[error("invalid_x402_version")]
    Version,
    /// Not `exact`.
    #[error("unsupported_scheme")]
    Scheme,
    /// For another network.
    #[error("network_mismatch")]
    Network,
    /// It accepts other terms than the ones that are asked for now.
    #[error("invalid_payment_requirements")]
    Requirements,
    /// It cannot be read.
    #[error("invalid_exact_stellar_payload_malformed")]
    Malformed,
    /// It is not one call of a contract.
    #[error("invalid_exact_stellar_payload_wrong_operation")]
    Operation,
    /// Its account, or its operation's, is one of ours.
    #[error("invalid_exact_stellar_payload_unsafe_tx_or_op_source")]
    Source,
    /// It calls another contract.
    #[error("invalid_exact_stellar_payload_wrong_asset")]
    Asset,
    /// It calls something else than `transfer` with three arguments.
    #[error("invalid_exact_stellar_payload_wrong_function_name")]
    Function,
    /// One of our own accounts pays.
    #[error("invalid_exact_stellar_payload_facilitator_is_payer")]
    OwnPayer,
    /// The payer is no account of Stellar (`G…`).
    #[error("invalid_exact_stellar_payload_unsupported_payer")]
    Payer,
    /// It pays somebody else.
    #[error("invalid_exact_stellar_payload_wrong_recipient")]
    Recipient,
    /// It pays another amount.
    #[error("invalid_exact_stellar_payload_wrong_amount")]
    Amount,
    /// Nobody authorizes it.
    #[error("invalid_exact_stellar_payload_no_auth_entries")]
    NoAuth,
    /// More is authorized than that one transfer.
    #[error("invalid_exact_stellar_payload_unexpected_auth_entries")]
    OtherAuth,
    /// It is authorized by the transaction's account, or in a newer way.
    #[error("invalid_exact_stellar_payload_unsupported_credential_type")]
    Credentials,
    /// One of our own accounts shall authorize it.
    #[error("invalid_exact_stellar_payload_facilitator_in_auth")]
    OwnAuth,
    /// The authorization lasts longer than asked for.
    #[error("invalid_exact_stellar_signature_expiration_too_far")]
    TooFar,
    /// The authorization is over.
    #[error("invalid_exact_stellar_signature_expired")]
    Expired,
    /// The authorization covers further calls.
    #[error("invalid_exact_stellar_payload_has_subinvocations")]
    SubInvocations,
    /// The payer has not signed.
    #[error("invalid_exact_stellar_payload_missing_payer_signature")]
    Unsigned,
    /// It would fail: too little money, a wrong signature, a used nonce.
    #[error("invalid_exact_stellar_payload_simulation_failed")]
    Simulation,
    /// It would cost us more than we bear.
    #[error("invalid_exact_stellar_payload_fee_exceeds_maximum")]
    Fee,
    /// It would do something that is no transfer.
    #[error("invalid_exact_stellar_payload_event_not_transfer")]
    EventOther,
    /// It would move nothing.
    #[error("invalid_exact_stellar_payload_no_transfer_events")]
    EventNone,
    /// It would move more than one sum.
    #[error("invalid_exact_stellar_payload_multiple_transfers")]
    EventMany,
    /// It would move another token.
    #[error("invalid_exact_stellar_payload_event_wrong_asset")]
    EventAsset,
    /// It would take from somebody else.
    #[error("invalid_exact_stellar_payload_event_wrong_from")]
    EventFrom,
    /// It would give to somebody else.
    #[error("invalid_exact_stellar_payload_event_wrong_to")]
    EventTo,
    /// It would move another sum.
    #[error("invalid_exact_stellar_payload_event_wrong_amount")]
    EventAmount,
    /// The ledger has it without effect, or its time was over.
    #[error("settle_exact_stellar_transaction_failed")]
    Failed,
    /// The network does not take it.
    #[error("settle_exact_stellar_transaction_submission_failed")]
    Submission,
}
