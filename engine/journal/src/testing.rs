//! What the tests of this crate share.

use berth_domain::{
    AccountId, Address, Authority, Bounds, ChainEventId, Command, Deposit, Digest, Entry, FeeBps, Genesis, Micros,
    RULES_VERSION, ResourceClass, Seq, Stroops, Text, Timing, TrustLevel, TrustRules,
};

use crate::batch::{Batch, BatchBuilder};
use crate::replica::Replica;

/// A replica behind a log of two batches: a genesis, and two deposits.
pub(crate) fn short_log() -> Replica {
    let deposit = |n: u64| Deposit {
        event: ChainEventId { toid: n, index: 0 },
        address: Address([7; 32]),
        amount: Stroops::new(1_000).unwrap(),
    };
    let mut replica = Replica::new();
    follow(&mut replica, vec![genesis().into()]);
    follow(&mut replica, vec![deposit(1).into(), deposit(2).into()]);
    replica
}

fn follow(replica: &mut Replica, commands: Vec<Command>) {
    let tip = *replica.tip();
    let mut builder = BatchBuilder::new(1, tip.next(), tip.hash, tip.events);
    for (seq, command) in (tip.next().0..).zip(commands) {
        let (account, authority) = (AccountId::EXCHANGE, Authority::Exchange);
        builder.push(&Entry { rules: RULES_VERSION, seq: Seq(seq), at: Micros(seq), account, authority, command });
    }
    let batch = Batch::decode(&builder.seal().bytes).unwrap();
    replica.follow(&batch, |_| {}).unwrap();
}

pub(crate) fn genesis() -> Genesis {
    Genesis {
        network: Digest::default(),
        escrow_contract: Digest::default(),
        asset: Text::new("XLM").unwrap(),
        operator: Address::default(),
        treasury: Address::default(),
        fee: FeeBps::new(500).unwrap(),
        default_level: TrustLevel::One,
        grants: Vec::new(),
        markets: vec![ResourceClass::Cpu],
        open_markets: false,
        timing: Timing::default(),
        bounds: Bounds::default(),
        trust: TrustRules::default(),
        auditors: Vec::new(),
    }
}
