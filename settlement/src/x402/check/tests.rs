use berth_wire::domain::Stroops;
use stellar_xdr::{
    ContractEvent, ContractEventV0, ContractId, CreateContractArgs, ExtensionPoint, Hash, Memo, Operation,
    Preconditions, ScSymbol, SequenceNumber, SorobanAuthorizedInvocation, Transaction, TransactionExt,
    TransactionV1Envelope, VecM, WriteXdr,
};

use super::*;
use crate::chain::value;
use crate::x402::message::{Accepted, Signed};

const PAYER: Address = Address::Account([1; 32]);
const DESK: Address = Address::Account([2; 32]);
const FACILITATOR: Address = Address::Account([3; 32]);
const ASSET: Address = Address::Contract([4; 32]);
const OWN: [Address; 2] = [DESK, FACILITATOR];
const HEAD: u32 = 100;

fn terms() -> Terms {
    let amount = Stroops::new(5_000).unwrap();
    Terms { network: "stellar:testnet".to_owned(), asset: ASSET, pay_to: DESK, amount, timeout_seconds: 60 }
}

fn units(amount: i64) -> ScVal {
    value::amount(Stroops::new(amount).unwrap())
}

/// A call as its parts, so that one of them can be made wrong.
fn call(contract: Address, function: &'static str, args: Vec<ScVal>) -> HostFunction {
    value::call(contract, function, args)
}

fn right() -> HostFunction {
    call(ASSET, "transfer", vec![value::address(PAYER), value::address(DESK), units(5_000)])
}

fn entry(credentials: SorobanCredentials, function: &HostFunction, subs: usize) -> SorobanAuthorizationEntry {
    let HostFunction::InvokeContract(args) = function else { panic!("it calls a contract") };
    let of = |args: &InvokeContractArgs, sub_invocations: VecM<_>| SorobanAuthorizedInvocation {
        function: SorobanAuthorizedFunction::ContractFn(args.clone()),
        sub_invocations,
    };
    let subs: Vec<_> = (0..subs).map(|_| of(args, VecM::default())).collect();
    SorobanAuthorizationEntry { credentials, root_invocation: of(args, subs.try_into().unwrap()) }
}

fn credentials(who: Address, signature: ScVal) -> SorobanAddressCredentials {
    SorobanAddressCredentials { address: who.to_xdr(), nonce: 77, signature_expiration_ledger: HEAD + 12, signature }
}

fn signed_by(who: Address) -> SorobanCredentials {
    SorobanCredentials::Address(credentials(who, value::vector(vec![ScVal::Bool(true)])))
}

/// What a client would have built.
struct Built {
    source: Address,
    operation_source: Option<Address>,
    body: OperationBody,
    operations: usize,
}

impl Built {
    fn of(function: HostFunction, auth: Vec<SorobanAuthorizationEntry>) -> Self {
        let op = stellar_xdr::InvokeHostFunctionOp { host_function: function, auth: auth.try_into().unwrap() };
        let body = OperationBody::InvokeHostFunction(op);
        Self { source: Address::Account([0; 32]), operation_source: None, body, operations: 1 }
    }

    fn right() -> Self {
        Self::of(right(), vec![entry(signed_by(PAYER), &right(), 0)])
    }

    fn envelope(self) -> String {
        let muxed = |address: Address| match address {
            Address::Account(key) => MuxedAccount::Ed25519(Uint256(key)),
            Address::Contract(_) => panic!("a contract has no transactions"),
        };
        let operation = Operation { source_account: self.operation_source.map(muxed), body: self.body };
        let tx = Transaction {
            source_account: muxed(self.source),
            fee: 100,
            seq_num: SequenceNumber(1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![operation; self.operations].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() });
        envelope.to_xdr_base64(Limits::none()).unwrap()
    }
}

fn payload(transaction: String) -> Payload {
    let wanted = terms().requirements();
    let accepted = Accepted {
        scheme: wanted.scheme,
        network: wanted.network,
        amount: wanted.amount,
        asset: wanted.asset,
        pay_to: wanted.pay_to,
    };
    Payload { x402_version: 2, accepted, payload: Signed { transaction } }
}

fn refused(built: Built) -> Fault {
    read(&payload(built.envelope()), &terms(), &OWN).expect_err("it is no payment")
}

#[test]
fn a_payment_as_clients_make_it_is_read() {
    let transfer = read(&payload(Built::right().envelope()), &terms(), &OWN).unwrap();
    assert_eq!((transfer.payer, transfer.nonce, transfer.expires), (PAYER, 77, HEAD + 12));
    assert_eq!(transfer.call, right());
    // Whose sequence number it would take does not matter: it is built anew.
    let own = Built { source: PAYER, ..Built::right() };
    assert_eq!(read(&payload(own.envelope()), &terms(), &OWN), Ok(transfer));
}

#[test]
fn other_terms_are_refused() {
    let check = |change: fn(&mut Payload), fault: Fault| {
        let mut payload = payload(Built::right().envelope());
        change(&mut payload);
        assert_eq!(read(&payload, &terms(), &OWN), Err(fault));
    };
    check(|p| p.x402_version = 1, Fault::Version);
    check(|p| p.accepted.scheme = "upto".to_owned(), Fault::Scheme);
    check(|p| p.accepted.network = "stellar:pubnet".to_owned(), Fault::Network);
    check(|p| p.accepted.amount = "4999".to_owned(), Fault::Requirements);
    check(|p| p.accepted.asset = DESK.to_string(), Fault::Requirements);
    check(|p| p.accepted.pay_to = PAYER.to_string(), Fault::Requirements);
    check(|p| p.payload.transaction = "AAAA".to_owned(), Fault::Malformed);
    check(|p| p.payload.transaction = "A".repeat(BYTES_MAX + 4), Fault::Malformed);
}

#[test]
fn what_is_not_one_call_of_a_contract_is_refused() {
    assert_eq!(refused(Built { operations: 2, ..Built::right() }), Fault::Operation);
    assert_eq!(refused(Built { operations: 0, ..Built::right() }), Fault::Operation);
    assert_eq!(refused(Built { body: OperationBody::Inflation, ..Built::right() }), Fault::Operation);
    let wasm = HostFunction::UploadContractWasm(stellar_xdr::BytesM::default());
    assert_eq!(refused(Built::of(wasm, Vec::new())), Fault::Operation);
}

#[test]
fn our_own_accounts_are_nothing_but_the_recipient() {
    for own in OWN {
        assert_eq!(refused(Built { source: own, ..Built::right() }), Fault::Source, "{own}");
        assert_eq!(refused(Built { operation_source: Some(own), ..Built::right() }), Fault::Source, "{own}");
        let pays = call(ASSET, "transfer", vec![value::address(own), value::address(DESK), units(5_000)]);
        assert_eq!(refused(Built::of(pays.clone(), vec![entry(signed_by(own), &pays, 0)])), Fault::OwnPayer, "{own}");
        let both = vec![entry(signed_by(PAYER), &right(), 0), entry(signed_by(own), &right(), 0)];
        assert_eq!(refused(Built::of(right(), both)), Fault::OwnAuth, "{own}");
    }
}

#[test]
fn another_transfer_is_refused() {
    let check = |function: HostFunction, fault: Fault| {
        let auth = vec![entry(signed_by(PAYER), &function, 0)];
        assert_eq!(refused(Built::of(function, auth)), fault);
    };
    let (from, to) = (value::address(PAYER), value::address(DESK));
    let other = Address::Contract([9; 32]);
    check(call(other, "transfer", vec![from.clone(), to.clone(), units(5_000)]), Fault::Asset);
    check(call(ASSET, "approve", vec![from.clone(), to.clone(), units(5_000)]), Fault::Function);
    check(call(ASSET, "transfer", vec![from.clone(), to.clone()]), Fault::Function);
    check(call(ASSET, "transfer", vec![from.clone(), to.clone(), units(5_000), units(1)]), Fault::Function);
    check(call(ASSET, "transfer", vec![from.clone(), from.clone(), units(5_000)]), Fault::Recipient);
    check(call(ASSET, "transfer", vec![from.clone(), units(1), units(5_000)]), Fault::Recipient);
    check(call(ASSET, "transfer", vec![from.clone(), to.clone(), units(4_999)]), Fault::Amount);
    check(call(ASSET, "transfer", vec![from.clone(), to.clone(), units(5_001)]), Fault::Amount);
    check(call(ASSET, "transfer", vec![from.clone(), to.clone(), ScVal::U64(5_000)]), Fault::Amount);
    // The same low half, and more above it.
    let huge = ScVal::I128(Int128Parts { hi: 1, lo: 5_000 });
    check(call(ASSET, "transfer", vec![from, to.clone(), huge]), Fault::Amount);
    check(call(ASSET, "transfer", vec![value::address(other), to.clone(), units(5_000)]), Fault::Payer);
    check(call(ASSET, "transfer", vec![ScVal::Void, to, units(5_000)]), Fault::Payer);
}

#[test]
fn nothing_else_may_be_authorized() {
    let check = |auth: Vec<SorobanAuthorizationEntry>, fault: Fault| {
        assert_eq!(refused(Built::of(right(), auth)), fault);
    };
    let one = || entry(signed_by(PAYER), &right(), 0);
    check(Vec::new(), Fault::NoAuth);
    check(vec![one(), one()], Fault::OtherAuth);
    check(vec![entry(signed_by(Address::Account([8; 32])), &right(), 0)], Fault::OtherAuth);
    check(vec![entry(signed_by(PAYER), &right(), 1)], Fault::SubInvocations);
    check(vec![entry(SorobanCredentials::SourceAccount, &right(), 0)], Fault::Credentials);
    check(
        vec![entry(SorobanCredentials::AddressV2(credentials(PAYER, ScVal::Bool(true))), &right(), 0)],
        Fault::Credentials,
    );
    check(vec![entry(SorobanCredentials::Address(credentials(PAYER, ScVal::Void)), &right(), 0)], Fault::Unsigned);
    let more = call(ASSET, "transfer", vec![value::address(PAYER), value::address(DESK), units(9_000)]);
    check(vec![entry(signed_by(PAYER), &more, 0)], Fault::OtherAuth);
    let mut create = one();
    create.root_invocation.function = SorobanAuthorizedFunction::CreateContractHostFn(CreateContractArgs::default());
    check(vec![create], Fault::OtherAuth);
}

#[test]
fn an_authorization_lasts_as_long_as_asked_for_and_no_longer() {
    let transfer = read(&payload(Built::right().envelope()), &terms(), &OWN).unwrap();
    let at = |head| transfer.check_time(head, 60);
    // 60 s are 12 ledgers, and two more for a client whose ledger is newer.
    assert_eq!(at(HEAD), Ok(()));
    assert_eq!(at(HEAD - 2), Ok(()));
    assert_eq!(at(HEAD - 3), Err(Fault::TooFar));
    assert_eq!(at(HEAD + 11), Ok(()));
    assert_eq!(at(HEAD + 12), Err(Fault::Expired));
}

#[test]
fn a_simulation_has_to_say_that_one_transfer_and_nothing_else() {
    let transfer = read(&payload(Built::right().envelope()), &terms(), &OWN).unwrap();
    let said = |contract: Address, name: &str, from: Address, to: Address, amount: i64, type_: ContractEventType| {
        let Address::Contract(id) = contract else { panic!("a contract") };
        let topics = vec![
            ScVal::Symbol(ScSymbol(name.try_into().unwrap())),
            value::address(from),
            value::address(to),
            ScVal::String(stellar_xdr::ScString("native".try_into().unwrap())),
        ];
        let body = ContractEventV0 { topics: topics.try_into().unwrap(), data: units(amount) };
        DiagnosticEvent {
            in_successful_contract_call: true,
            event: ContractEvent {
                ext: ExtensionPoint::V0,
                contract_id: Some(ContractId(Hash(id))),
                type_,
                body: ContractEventBody::V0(body),
            },
        }
    };
    let contract = ContractEventType::Contract;
    let one = || said(ASSET, "transfer", PAYER, DESK, 5_000, contract);
    let check = |events: &[DiagnosticEvent], expected| assert_eq!(check_events(events, &transfer, &terms()), expected);
    let told = said(ASSET, "fn_call", PAYER, DESK, 1, ContractEventType::Diagnostic);
    check(&[told.clone(), one(), told.clone()], Ok(()));
    check(&[told], Err(Fault::EventNone));
    check(&[one(), one()], Err(Fault::EventMany));
    check(&[one(), said(ASSET, "burn", PAYER, DESK, 1, contract)], Err(Fault::EventOther));
    check(&[said(Address::Contract([9; 32]), "transfer", PAYER, DESK, 5_000, contract)], Err(Fault::EventAsset));
    check(&[said(ASSET, "transfer", FACILITATOR, DESK, 5_000, contract)], Err(Fault::EventFrom));
    check(&[said(ASSET, "transfer", PAYER, PAYER, 5_000, contract)], Err(Fault::EventTo));
    check(&[said(ASSET, "transfer", PAYER, DESK, 4_999, contract)], Err(Fault::EventAmount));
}
