//! Money, and how far the chain has been read.

use berth_domain::ChainEventId;

use super::super::Oracle;
use super::super::order::stroops;
use super::{put, sequence};

impl Oracle {
    pub(super) fn ledger(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, &[&stroops(self.deposited), &stroops(self.withdrawn), &stroops(0), &stroops(0)]);
        let balances = self.accounts.iter().map(|account| {
            let id = account.id;
            (id, [self.available(id), self.held(id), self.in_escrow(id), account.withdrawing].map(stroops))
        });
        let balances: Vec<_> = balances.filter(|(_, amounts)| *amounts != [stroops(0); 4]).collect();
        sequence(&mut out, &balances, |out, (id, [available, held, escrowed, withdrawing])| {
            put(out, &[id, available, held, escrowed, withdrawing]);
        });
        sequence(&mut out, &[], |_, ()| ());
        let escrows =
            self.leases.iter().filter(|lease| lease.has_escrow()).map(|lease| (lease.id, stroops(lease.escrow())));
        let escrows: Vec<_> = escrows.collect();
        sequence(&mut out, &escrows, |out, (id, escrow)| put(out, &[id, escrow]));
        put(&mut out, &[&self.chain_cursor, &ChainEventId::default()]);
        out
    }
}
