//! Facts of the chain about an account's funds. The chain has one order, so
//! what is not after the last fact has been counted.

use berth_domain::{
    AccountId, Address, ChainEventId, Code, Deposit, DepositCredited, WithdrawalCancelled, WithdrawalFact,
    WithdrawalMoved, WithdrawalPaid, WithdrawalReturned, Withdrawn,
};

use super::order::stroops;
use super::{Answer, Oracle, Reply, Rule};

impl Oracle {
    fn is_counted(&self, event: ChainEventId) -> bool {
        event <= self.chain_cursor
    }

    fn known(&self, address: Address) -> Result<AccountId, Code> {
        let known = self.accounts.iter().find(|account| account.address == address);
        known.map(|account| account.id).ok_or(Code::UnknownFact)
    }

    pub(super) fn deposit(&mut self, fact: &Deposit) -> Result<Answer, Code> {
        let amount = i128::from(fact.amount.get());
        if self.is_counted(fact.event) {
            return Ok(Answer::Repeated(Reply::None));
        }
        // All that accounts have together, whatever they owe.
        let owed: i128 = self.accounts.iter().map(|account| self.owed(account.id)).sum();
        if self.deposited - self.withdrawn + owed + amount > i64::MAX.into() {
            return Err(Code::AmountTooLarge);
        }
        if amount == 0 {
            return Err(Code::OutOfBounds);
        }
        self.chain_cursor = fact.event;
        let account = self.account_of(fact.address);
        self.deposited += amount;
        self.account_mut(account).money += amount;
        self.tell(DepositCredited { account, amount: fact.amount, event: fact.event });
        Ok(Answer::Done(Reply::Account(account)))
    }

    /// Funds wait to leave: what is free, then what orders hold.
    pub(super) fn withdrawal_requested(&mut self, fact: &WithdrawalFact) -> Answer {
        if self.is_counted(fact.event) {
            return Answer::Repeated(Reply::None);
        }
        self.chain_cursor = fact.event;
        let account = self.account_of(fact.address);
        let more = (i128::from(fact.amount.get()) - self.account(account).withdrawing).max(0);
        self.free_funds(account, more);
        let moved = more.min(self.available(account));
        self.account_mut(account).withdrawing += moved;
        let amount = stroops(self.account(account).withdrawing);
        self.tell(WithdrawalMoved { account, address: fact.address, amount });
        Answer::Done(Reply::Account(account))
    }

    /// The contract has paid: what waited, then what is free, then what orders
    /// hold. If there was more, it had not locked what the exchange has in an
    /// escrow, or counts to one, and the account owes that.
    pub(super) fn withdrawal_paid(&mut self, fact: &Withdrawn) -> Result<Answer, Code> {
        if self.is_counted(fact.event) {
            return Ok(Answer::Repeated(Reply::None));
        }
        let account = self.known(fact.address)?;
        let amount = i128::from(fact.amount.get());
        if self.deposited - self.withdrawn < amount {
            return Err(Code::SettlementMismatch);
        }
        self.chain_cursor = fact.event;
        let waited = amount.min(self.account(account).withdrawing);
        self.account_mut(account).withdrawing -= waited;
        self.account_mut(account).money -= waited;
        self.free_funds(account, amount - waited);
        self.account_mut(account).money -= amount - waited;
        if self.owed(account) > 0 {
            self.reach(Rule::PaidBeyondFunds);
        }
        self.withdrawn += amount;
        self.tell(WithdrawalPaid { account, address: fact.address, amount: fact.amount });
        Ok(Answer::Done(Reply::Account(account)))
    }

    /// The account has kept what it had asked for.
    pub(super) fn withdrawal_cancelled(&mut self, fact: &WithdrawalCancelled) -> Result<Answer, Code> {
        if self.is_counted(fact.event) {
            return Ok(Answer::Repeated(Reply::None));
        }
        let account = self.known(fact.address)?;
        self.chain_cursor = fact.event;
        let amount = stroops(std::mem::take(&mut self.account_mut(account).withdrawing));
        self.tell(WithdrawalReturned { account, address: fact.address, amount });
        Ok(Answer::Done(Reply::Account(account)))
    }

    /// Parks orders that hold funds, the youngest first, until there is enough.
    fn free_funds(&mut self, account: AccountId, amount: i128) {
        while self.available(account) < amount {
            let holds = |order: &&super::Order| order.account == account && order.hold() > 0;
            let Some(youngest) = self.orders.iter().filter(holds).map(|order| order.id).max() else { break };
            self.reach(Rule::WithdrawalParksOrders);
            self.park_order(youngest);
        }
        self.free_standbys(account, amount);
    }
}
