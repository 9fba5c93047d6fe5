//! Diagnostic events: what a validator adds to a refusal for people to read.

use stellar_xdr::{
    ContractEvent, ContractEventBody, ContractEventType, ContractEventV0, DiagnosticEvent, ExtensionPoint, ScError,
    ScString, ScVal, ScVec,
};

/// An error with its message and the numbers that it speaks of.
pub(super) fn error(error: ScError, message: &str, numbers: &[u64]) -> DiagnosticEvent {
    let message = ScVal::String(ScString(message.try_into().unwrap_or_default()));
    let data = if numbers.is_empty() {
        message
    } else {
        let numbers = numbers.iter().map(|number| ScVal::U64(*number));
        let parts: Vec<ScVal> = std::iter::once(message).chain(numbers).collect();
        ScVal::Vec(parts.try_into().ok().map(ScVec))
    };
    let topics =
        vec![ScVal::Symbol(stellar_xdr::ScSymbol("error".try_into().unwrap_or_default())), ScVal::Error(error)];
    DiagnosticEvent {
        in_successful_contract_call: false,
        event: ContractEvent {
            ext: ExtensionPoint::V0,
            contract_id: None,
            type_: ContractEventType::Diagnostic,
            body: ContractEventBody::V0(ContractEventV0 { topics: topics.try_into().unwrap_or_default(), data }),
        },
    }
}
