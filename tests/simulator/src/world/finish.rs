//! How a run ends: everything is taken back, whatever runs comes to its end, and
//! then the parts of the world must agree to the stroop.

use std::collections::BTreeSet;

use berth_domain::{Address, Digest, LeaseState, Micros, Stroops};

use super::{Happening, Summary, World};
use crate::cast;
use crate::line::Follower;
use crate::people::sweep;
use crate::reads;
use crate::referee::{Checked, Violation, ensure, rule};
use crate::setting::{LONGEST, SECOND};

impl World<'_> {
    /// Nobody begins anything new, and nothing is lost any more.
    pub(super) fn drain(&mut self) {
        self.trace.note(|| "everybody takes back what he can".to_owned());
        self.weather = self.weather.calmed();
        // Whatever waits for a deadline of the chain waits no longer than this.
        self.drained_by = Some(self.now.plus(LONGEST));
        self.plan(SECOND, Happening::Sweep);
    }

    /// Answers whether the run is over.
    pub(super) fn sweep(&mut self) -> Result<bool, Violation> {
        let x = self.history.exchange();
        let is_late = self.drained_by.is_some_and(|by| self.now > by);
        if is_late
            || (self.is_quiet() && x.leases().all(reads::is_settled) && !x.orders().any(berth_exchange::Order::is_live))
        {
            return Ok(true);
        }
        for deed in sweep(x, self.now) {
            self.do_deed(deed);
        }
        self.plan(20 * SECOND, Happening::Sweep);
        Ok(false)
    }

    /// Whether nothing is under way between exchange and chain.
    fn is_quiet(&self) -> bool {
        let x = self.history.exchange();
        let awaits_chain = |lease: &berth_exchange::Lease| match lease.state {
            LeaseState::Closed => !reads::is_settled(lease),
            _ => !lease.is_escrowed(),
        };
        let awaits_chain = |lease: &berth_exchange::Lease| awaits_chain(lease) || lease.funding.top_up.is_some();
        let is_forfeited = x.accounts().any(|account| account.forfeited() > Stroops::ZERO);
        self.is_node_quiet()
            && self.chain.is_idle()
            && self.settler.is_idle(self.history.published(), &self.chain)
            && !x.leases().any(awaits_chain)
            && !is_forfeited
    }

    /// Chain and ledger agree, whenever nothing is under way.
    pub(super) fn check_quiet(&mut self) -> Checked {
        if !self.is_quiet() {
            return Ok(());
        }
        self.meet("quiet moment");
        let (x, contract) = (self.history.exchange(), &self.chain.contract);
        let addresses: BTreeSet<Address> =
            x.accounts().map(|account| account.address).chain(contract.accounts()).collect();
        for address in addresses {
            let balances = x.account_by_address(address).map(|account| x.balances(account)).unwrap_or_default();
            let free = i128::from(balances.available.get()) + i128::from(balances.held.get());
            let (waiting, owed) = (i128::from(balances.withdrawing.get()), i128::from(balances.owed.get()));
            let (there, requested) = (contract.balance(address), contract.requested(address));
            // A request for more than was free is set aside in part, and the
            // rest stays free here while the contract has it requested.
            ensure!(
                free + waiting == there + requested && waiting <= requested && owed == 0,
                rule::CHAIN,
                "{} has {free} free and {waiting} waiting, owes {owed}, in the contract {there} and {requested}",
                cast::name(address)
            );
        }
        for account in x.accounts() {
            let staked = i128::from(x.ledger().stake(account.id).get());
            let there = self.chain.stakes.staked(account.address);
            ensure!(
                staked == there,
                rule::CHAIN,
                "{} has {staked} staked, in the contract {there}",
                cast::name(account.address)
            );
        }
        for lease in x.leases() {
            let escrow = x.ledger().escrow(lease.id);
            let locked =
                contract.open_leases().find(|(id, _)| *id == lease.id).map_or(Stroops::ZERO, |(_, locked)| locked);
            ensure!(
                escrow == locked,
                rule::CHAIN,
                "the escrow of lease {} holds {escrow}, in the contract {locked}",
                lease.id
            );
        }
        Ok(())
    }

    /// What must hold when everything is over.
    pub(super) fn finish(mut self) -> Result<Summary, Violation> {
        let steps = self.trace.steps();
        let rested = self.history.referee().at_rest(self.history.exchange());
        let left = self.settler.what_is_left(self.history.published(), &self.chain);
        let is_quiet = self.is_quiet();
        rested.map_err(|broken| Violation { detail: format!("{}; {left}", broken.detail), ..broken })?;
        ensure!(is_quiet, rule::RESOLVED, "after {steps} steps something is still under way: {left}");
        self.check_quiet()?;
        // The log read back from its first byte, by a node and by a replica.
        let found = self.node.disk.read();
        ensure!(found.torn == 0, rule::LOG, "{} bytes at the end of the log are no batch", found.torn);
        self.history.recover(&found)?;
        for follower in &mut self.followers {
            follower.follow(&self.history, usize::MAX)?;
            follower.check_equal(&self.history)?;
        }
        let mut replica = Follower::default();
        replica.start_over(&self.node.disk, &self.history)?;
        replica.check_equal(&self.history)?;
        self.coverage.add(self.history.referee().coverage());
        Ok(Summary {
            steps,
            entries: self.history.entries().len() as u64,
            log: self.history.entries().iter().map(|applied| applied.entry.clone()).collect(),
            fingerprint: self.fingerprint(steps),
            coverage: self.coverage,
        })
    }

    fn fingerprint(&self, steps: u64) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&steps.to_le_bytes());
        let Micros(now) = self.now;
        hasher.update(&now.to_le_bytes());
        hasher.update(&self.history.exchange().state_hash().root().0);
        for applied in self.history.entries() {
            hasher.update(&applied.hash.0).update(&applied.digest.0);
        }
        Digest(hasher.finalize().into())
    }
}
