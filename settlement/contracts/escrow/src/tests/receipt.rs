use super::*;
use crate::{Receipt, event};
use soroban_sdk::{
    TryFromVal as _,
    xdr::{ContractId, Hash, ScAddress},
};

/// Fails in the host, which leaves no code.
fn is_rejected(outcome: Result<Result<(), ConversionError>, Result<Error, InvokeError>>) -> bool {
    matches!(outcome, Err(Err(InvokeError::Abort)))
}

fn the_receipt_with_the_most_seconds_stays(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 360).unwrap();
    world.receipt(1, 100, 3).unwrap();
    world.published(&event::Receipted { lease: 1, seconds: 100, seq: 3 });
    assert_eq!(world.lease(1).receipt, Receipt { seconds: 100, seq: 3 });
    // The same again, an older one, and a later one that takes seconds back.
    for (seconds, seq) in [(100, 3), (90, 2), (0, 1), (99, 4), (100, u64::MAX)] {
        assert_eq!(world.receipt(1, seconds, seq), Err(Error::ReceiptNotNewer), "{seconds} s, {seq}");
    }
    world.receipt(1, 101, 4).unwrap();
    // Whatever its number, it was signed.
    world.receipt(1, 102, 1).unwrap();
    assert_eq!(world.lease(1).receipt, Receipt { seconds: 102, seq: 1 });
    assert_eq!(world.balances(), [140, 0, 0]);
}

fn a_receipt_is_of_one_lease_and_says_one_thing(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    world.open(2, 100).unwrap();
    let signature = world.signed(1, 50, 2);
    for (lease, seconds, seq) in [(2, 50, 2), (1, 51, 2), (1, 50, 3)] {
        assert!(is_rejected(world.escrow.try_submit_receipt(&lease, &seconds, &seq, &signature)));
    }
    let nonsense = BytesN::from_array(&world.env, &[0; 64]);
    assert!(is_rejected(world.escrow.try_submit_receipt(&1, &50, &2, &nonsense)));
    assert_eq!(world.lease(1).receipt, Receipt { seconds: 0, seq: 0 });
    world.escrow.submit_receipt(&1, &50, &2, &signature);
}

fn a_receipt_of_another_key_contract_or_network_is_none(host: Host) {
    let mut world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();

    let own = core::mem::replace(&mut world.node, SigningKey::from_bytes(&[8; 32]));
    assert!(is_rejected(world.escrow.try_submit_receipt(&1, &50, &1, &world.signed(1, 50, 1))));
    world.node = own;

    let contract = core::mem::replace(&mut world.escrow.address, world.token.address.clone());
    let of_another = world.signed(1, 50, 1);
    world.escrow.address = contract;
    assert!(is_rejected(world.escrow.try_submit_receipt(&1, &50, &1, &of_another)));

    let network = world.env.ledger().network_id().to_array();
    world.env.ledger().set_network_id([3; 32]);
    let of_another = world.signed(1, 50, 1);
    world.env.ledger().set_network_id(network);
    assert!(is_rejected(world.escrow.try_submit_receipt(&1, &50, &1, &of_another)));

    world.receipt(1, 50, 1).unwrap();
}

/// The worked example of `docs/escrow.md`.
#[test]
fn a_receipts_bytes_are_as_documented() {
    let world = World::new(Host::Native);
    world.env.ledger().set_network_id([0x11; 32]);
    let address = ScAddress::Contract(ContractId(Hash([0x22; 32])));
    let address = Address::try_from_val(&world.env, &address).unwrap();
    world.env.register_at(&address, Escrow, (world.escrow.config(),));
    let message = world.env.as_contract(&address, || crate::receipt::message(&world.env, 7, 3_600, 12));
    let numbers = [7u64, 3_600, 12].map(u64::to_be_bytes);
    let expected = [b"berth-receipt-v1\0", &[0x11; 32][..], &[0, 0, 0, 1], &[0x22; 32], numbers.as_flattened()];
    assert_eq!(message.iter().collect::<std::vec::Vec<u8>>(), expected.concat());
}

on_both_hosts!(
    the_receipt_with_the_most_seconds_stays,
    a_receipt_is_of_one_lease_and_says_one_thing,
    a_receipt_of_another_key_contract_or_network_is_none,
);
