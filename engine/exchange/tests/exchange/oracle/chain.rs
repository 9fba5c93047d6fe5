//! Facts of the chain about a lease.

use berth_domain::{
    CloseReason, Code, EscrowFailed, Escrowed, LeaseEscrowed, LeaseId, LeasePaid, LeaseState, SettlementPaid,
    SettlementRefunded, TxHash,
};

use super::order::stroops;
use super::{Answer, Lease, Oracle, Reply};

impl Oracle {
    pub(super) fn escrowed(&mut self, fact: &Escrowed) -> Result<Answer, Code> {
        let at = self.step.at;
        let lease = self.find_lease(fact.lease).ok_or(Code::UnknownLease)?;
        if lease.escrow_tx == Some(fact.tx) {
            return Ok(Answer::Repeated(Reply::Lease(fact.lease)));
        }
        // Locked by another transaction, or closed since the chain refused it.
        if lease.escrow_tx.is_some() || lease.state == LeaseState::Closed {
            return Err(Code::SettlementMismatch);
        }
        let (state, reason) = (lease.state, lease.reason);
        let lease = self.lease_mut(fact.lease);
        lease.escrow_tx = Some(fact.tx);
        lease.record.escrowed_at = Some(at);
        self.tell(LeaseEscrowed { lease: fact.lease, tx: fact.tx });
        self.prove_escrow(fact.lease, fact.tx, fact.ledger);
        if state == LeaseState::Opened {
            let lease = self.lease_mut(fact.lease);
            lease.state = LeaseState::Escrowed;
            lease.overdue_at = Some(at.plus(lease.timing.start_timeout));
        } else {
            // It had begun to close; nothing was started, so all comes back.
            self.close(fact.lease, reason.expect("what closes has a reason"));
        }
        Ok(Answer::Done(Reply::Lease(fact.lease)))
    }

    pub(super) fn escrow_failed(&mut self, fact: &EscrowFailed) -> Result<Answer, Code> {
        let lease = self.find_lease(fact.lease).ok_or(Code::UnknownLease)?;
        if lease.escrow_tx.is_some() {
            return Err(Code::SettlementMismatch);
        }
        if lease.state == LeaseState::Closed {
            return Ok(Answer::Repeated(Reply::Lease(fact.lease)));
        }
        let reason = lease.reason.unwrap_or(CloseReason::EscrowFailed);
        self.lease_mut(fact.lease).detail = fact.reason.clone();
        self.close(fact.lease, reason);
        Ok(Answer::Done(Reply::Lease(fact.lease)))
    }

    /// The lease that the chain has settled, unless it is known to be: then the
    /// answer.
    fn unsettled(&self, id: LeaseId, tx: TxHash) -> Result<Result<Lease, Answer>, Code> {
        let lease = self.find_lease(id).ok_or(Code::UnknownLease)?;
        match lease.paid_tx {
            None => Ok(Ok(lease.clone())),
            Some(known) if known == tx => Ok(Err(Answer::Repeated(Reply::Lease(id)))),
            Some(_) => Err(Code::SettlementMismatch),
        }
    }

    pub(super) fn paid(&mut self, fact: &SettlementPaid) -> Result<Answer, Code> {
        let lease = match self.unsettled(fact.lease, fact.tx)? {
            Ok(lease) => lease,
            Err(known) => return Ok(known),
        };
        if lease.state != LeaseState::Closed || lease.escrow_tx.is_none() {
            return Err(Code::LeaseState);
        }
        let (pay, fee, refund) = (stroops(lease.pay), stroops(lease.fee), stroops(lease.escrow() - lease.pay));
        if (fact.pay, fact.fee, fact.refund) != (pay, fee, refund) {
            return Err(Code::SettlementMismatch);
        }
        let treasury = self.account_of(self.rules().treasury);
        self.account_mut(lease.tenant).money -= lease.pay;
        self.account_mut(lease.owner).money += lease.pay - lease.fee;
        self.account_mut(treasury).money += lease.fee;
        self.is_settled(fact.lease, fact.tx);
        self.tell(LeasePaid { lease: fact.lease, tx: fact.tx, pay, fee, refund });
        self.prove_paid(fact);
        self.take_over(fact.lease, lease.reason);
        Ok(Answer::Done(Reply::Lease(fact.lease)))
    }

    /// After the deadline anyone may ask the contract to refund all of it.
    pub(super) fn refunded(&mut self, fact: &SettlementRefunded) -> Result<Answer, Code> {
        let lease = match self.unsettled(fact.lease, fact.tx)? {
            Ok(lease) => lease,
            Err(known) => return Ok(known),
        };
        if lease.escrow_tx.is_none() || fact.amount != stroops(lease.escrow()) {
            return Err(Code::SettlementMismatch);
        }
        if lease.state != LeaseState::Closed {
            self.close(fact.lease, CloseReason::Refunded);
        }
        if lease.state == LeaseState::Verifying {
            self.has_no_result(fact.lease);
        }
        // What it had ended for, or was about to, before the chain spoke.
        let before = lease.reason;
        let lease = self.lease_mut(fact.lease);
        (lease.pay, lease.fee) = (0, 0);
        lease.reason = Some(CloseReason::Refunded);
        self.is_settled(fact.lease, fact.tx);
        let (pay, fee, refund) = (stroops(0), stroops(0), fact.amount);
        self.tell(LeasePaid { lease: fact.lease, tx: fact.tx, pay, fee, refund });
        self.prove_refunded(fact);
        self.take_over(fact.lease, before);
        Ok(Answer::Done(Reply::Lease(fact.lease)))
    }

    fn is_settled(&mut self, id: LeaseId, tx: TxHash) {
        let at = self.step.at;
        let lease = self.lease_mut(id);
        lease.paid_tx = Some(tx);
        lease.record.paid_at = Some(at);
    }
}
