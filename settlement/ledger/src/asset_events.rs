//! What moves in assets is told by the events of the assets' contracts, no
//! matter whether an operation or a call moved it (CAP-67).

use crate::asset::issuer;
use crate::codec::hash;
use stellar_xdr::{
    AccountId, Asset, BytesM, ContractEvent, ContractEventBody, ContractEventType, ContractEventV0, ContractId,
    ContractIdPreimage, ExtensionPoint, Hash, HashIdPreimage, HashIdPreimageContractId, Int128Parts, Memo,
    MuxedAccount, ScAddress, ScBytes, ScMap, ScMapEntry, ScString, ScSymbol, ScVal, TransactionEvent,
    TransactionEventStage,
};

/// Tells the moves of one transaction.
pub(crate) struct Teller<'a> {
    pub(crate) network_id: [u8; 32],
    pub(crate) memo: &'a Memo,
}

impl Teller<'_> {
    /// Money that went from one to another. What an issuer gives is minted,
    /// what it gets is burnt.
    pub(crate) fn moved(&self, asset: &Asset, from: &MuxedAccount, to: &MuxedAccount, stroops: i64) -> ContractEvent {
        let (giver, taker) = (from.clone().account_id(), to.clone().account_id());
        let issuer = issuer(asset);
        match (issuer == Some(&giver), issuer == Some(&taker)) {
            (true, false) => self.event("mint", &[&taker], asset, self.amount(to, stroops)),
            (false, true) => self.event("burn", &[&giver], asset, amount(stroops)),
            _ => self.event("transfer", &[&giver, &taker], asset, self.amount(to, stroops)),
        }
    }

    /// Whether a trust line may be used.
    pub(crate) fn authorized(&self, asset: &Asset, holder: &AccountId, authorized: bool) -> ContractEvent {
        self.event("set_authorized", &[holder], asset, ScVal::Bool(authorized))
    }

    fn event(&self, name: &str, subjects: &[&AccountId], asset: &Asset, data: ScVal) -> ContractEvent {
        let mut topics = vec![symbol(name)];
        topics.extend(subjects.iter().map(|subject| ScVal::Address(ScAddress::Account((*subject).clone()))));
        topics.push(ScVal::String(text(name_of(asset).as_bytes())));
        event_of(self.network_id, asset, topics, data)
    }

    /// An amount, with what tells apart those who share the account it goes to.
    fn amount(&self, to: &MuxedAccount, stroops: i64) -> ScVal {
        let for_whom = match (to, self.memo) {
            (MuxedAccount::MuxedEd25519(muxed), _) => ScVal::U64(muxed.id),
            (MuxedAccount::Ed25519(_), Memo::None) => return amount(stroops),
            (MuxedAccount::Ed25519(_), Memo::Id(id)) => ScVal::U64(*id),
            (MuxedAccount::Ed25519(_), Memo::Text(memo)) => ScVal::String(text(memo.as_slice())),
            (MuxedAccount::Ed25519(_), Memo::Hash(Hash(memo)) | Memo::Return(Hash(memo))) => {
                ScVal::Bytes(ScBytes(BytesM::try_from(memo.as_slice()).unwrap_or_default()))
            }
        };
        let entries = [("amount", amount(stroops)), ("to_muxed_id", for_whom)];
        let entries = entries.map(|(name, val)| ScMapEntry { key: symbol(name), val });
        ScVal::Map(entries.to_vec().try_into().ok().map(ScMap))
    }
}

/// A fee that was taken, before a ledger's transactions are applied, or of
/// which the rest was given back after: then it is negative.
pub(crate) fn fee(network_id: [u8; 32], payer: &AccountId, stroops: i64) -> TransactionEvent {
    let topics = vec![symbol("fee"), ScVal::Address(ScAddress::Account(payer.clone()))];
    let stage = if stroops < 0 { TransactionEventStage::AfterAllTxs } else { TransactionEventStage::BeforeAllTxs };
    TransactionEvent { stage, event: event_of(network_id, &Asset::Native, topics, amount(stroops)) }
}

fn event_of(network_id: [u8; 32], asset: &Asset, topics: Vec<ScVal>, data: ScVal) -> ContractEvent {
    let preimage = HashIdPreimageContractId {
        network_id: Hash(network_id),
        contract_id_preimage: ContractIdPreimage::Asset(asset.clone()),
    };
    ContractEvent {
        ext: ExtensionPoint::V0,
        contract_id: Some(ContractId(Hash(hash(&HashIdPreimage::ContractId(preimage))))),
        type_: ContractEventType::Contract,
        body: ContractEventBody::V0(ContractEventV0 { topics: topics.try_into().unwrap_or_default(), data }),
    }
}

/// `native`, or the code and the issuer (SEP-11).
fn name_of(asset: &Asset) -> String {
    let (code, issuer) = match asset {
        Asset::Native => return "native".to_owned(),
        Asset::CreditAlphanum4(credit) => (credit.asset_code.0.as_slice(), &credit.issuer),
        Asset::CreditAlphanum12(credit) => (credit.asset_code.0.as_slice(), &credit.issuer),
    };
    let code: String = code.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
    let stellar_xdr::PublicKey::PublicKeyTypeEd25519(key) = &issuer.0;
    format!("{code}:{}", stellar_strkey::ed25519::PublicKey(key.0))
}

fn amount(stroops: i64) -> ScVal {
    let wide = i128::from(stroops);
    ScVal::I128(Int128Parts { hi: (wide >> 64) as i64, lo: wide as u64 })
}

fn symbol(name: &str) -> ScVal {
    ScVal::Symbol(ScSymbol(name.try_into().unwrap_or_default()))
}

fn text(bytes: &[u8]) -> ScString {
    ScString(bytes.try_into().unwrap_or_default())
}
