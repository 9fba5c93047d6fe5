//! Money, and how far the chain has been read.

use super::super::Oracle;
use super::super::order::stroops;
use super::{put, sequence};

impl Oracle {
    pub(super) fn ledger(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let staked = self.accounts.iter().map(|account| account.standing.staked).sum::<i128>();
        let totals = [self.deposited, self.withdrawn, self.ever_staked, self.ever_staked - staked];
        totals.iter().for_each(|total| put(&mut out, &[&u128::try_from(*total).expect("nothing is lost")]));
        let balances = self.accounts.iter().map(|account| {
            let id = account.id;
            (id, [self.available(id), self.held(id), self.in_escrow(id), account.withdrawing].map(stroops))
        });
        let balances: Vec<_> = balances.filter(|(_, amounts)| *amounts != [stroops(0); 4]).collect();
        sequence(&mut out, &balances, |out, (id, [available, held, escrowed, withdrawing])| {
            put(out, &[id, available, held, escrowed, withdrawing]);
        });
        let debts = self.accounts.iter().map(|account| (account.id, stroops(self.owed(account.id))));
        let debts: Vec<_> = debts.filter(|(_, owed)| *owed != stroops(0)).collect();
        sequence(&mut out, &debts, |out, (id, owed)| put(out, &[id, owed]));
        let stakes = self.accounts.iter().map(|account| (account.id, stroops(account.standing.staked)));
        let stakes: Vec<_> = stakes.filter(|(_, staked)| *staked != stroops(0)).collect();
        sequence(&mut out, &stakes, |out, (id, staked)| put(out, &[id, staked]));
        let escrows =
            self.leases.iter().filter(|lease| lease.has_escrow()).map(|lease| (lease.id, stroops(lease.escrow())));
        let escrows: Vec<_> = escrows.collect();
        sequence(&mut out, &escrows, |out, (id, escrow)| put(out, &[id, escrow]));
        put(&mut out, &[&self.chain_cursor, &self.stake_cursor]);
        out
    }
}
