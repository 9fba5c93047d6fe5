//! Why a transaction is not accepted, as the network tells it.

use super::diagnostic;
use stellar_xdr::{
    DiagnosticEvent, Hash, InnerTransactionResult, InnerTransactionResultExt, InnerTransactionResultPair,
    InnerTransactionResultResult as Inner, ScError, ScErrorCode, TransactionResult, TransactionResultExt,
    TransactionResultResult as Code,
};

/// A refusal.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    /// What a fee bump was refused for lies in the transaction within it.
    pub(crate) within: Option<[u8; 32]>,
    /// What it would have been charged, or would have had to bid, in stroops.
    pub(crate) fee: i64,
    pub(crate) diagnostics: Vec<DiagnosticEvent>,
    /// The sequence number was right: a transaction that is refused only when
    /// its turn comes has used it up.
    pub(crate) uses_sequence: bool,
}

impl Refused {
    pub(crate) fn new(code: Code) -> Self {
        Self { code, within: None, fee: 0, diagnostics: Vec::new(), uses_sequence: false }
    }

    /// A Soroban transaction that is not sound, and what is wrong with it.
    pub(super) fn soroban(error: fn(ScErrorCode) -> ScError, code: ScErrorCode, message: &str, args: &[u64]) -> Self {
        let diagnostics = vec![diagnostic::error(error(code), message, args)];
        Self { diagnostics, ..Self::new(Code::TxSorobanInvalid) }
    }

    /// The result that tells it.
    pub(crate) fn result(self) -> TransactionResult {
        match self.within {
            None => TransactionResult { fee_charged: self.fee, result: self.code, ext: TransactionResultExt::V0 },
            Some(hash) => bumped(hash, self.fee, self.code),
        }
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// The result of a fee bump around the transaction `hash` with the result
/// `code`. The inner one is charged nothing.
pub(crate) fn bumped(hash: [u8; 32], fee_charged: i64, code: Code) -> TransactionResult {
    let succeeded = matches!(code, Code::TxSuccess(_));
    let result = InnerTransactionResult { fee_charged: 0, result: inner(code), ext: InnerTransactionResultExt::V0 };
    let pair = InnerTransactionResultPair { transaction_hash: Hash(hash), result };
    let result = if succeeded { Code::TxFeeBumpInnerSuccess(pair) } else { Code::TxFeeBumpInnerFailed(pair) };
    TransactionResult { fee_charged, result, ext: TransactionResultExt::V0 }
}

fn inner(code: Code) -> Inner {
    match code {
        Code::TxSuccess(results) => Inner::TxSuccess(results),
        Code::TxFailed(results) => Inner::TxFailed(results),
        Code::TxTooEarly => Inner::TxTooEarly,
        Code::TxTooLate => Inner::TxTooLate,
        Code::TxMissingOperation => Inner::TxMissingOperation,
        Code::TxBadSeq => Inner::TxBadSeq,
        Code::TxBadAuth => Inner::TxBadAuth,
        Code::TxInsufficientBalance => Inner::TxInsufficientBalance,
        Code::TxNoAccount => Inner::TxNoAccount,
        Code::TxInsufficientFee => Inner::TxInsufficientFee,
        Code::TxBadAuthExtra => Inner::TxBadAuthExtra,
        Code::TxNotSupported => Inner::TxNotSupported,
        Code::TxBadSponsorship => Inner::TxBadSponsorship,
        Code::TxBadMinSeqAgeOrGap => Inner::TxBadMinSeqAgeOrGap,
        Code::TxMalformed => Inner::TxMalformed,
        Code::TxSorobanInvalid => Inner::TxSorobanInvalid,
        _ => Inner::TxInternalError,
    }
}
