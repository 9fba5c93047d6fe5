//! What a failed verification costs: name, and stake for the tenant.

use berth_domain::{AccountId, LeaseId, ReputationCause, StakeSlashed, TrustCause};

use super::order::stroops;
use super::{Oracle, Rule};

impl Oracle {
    /// A result failed its verification: its provider loses name, and stake to
    /// the tenant.
    pub(super) fn slash(&mut self, account: AccountId, tenant: AccountId, lease: LeaseId, asked: i128) {
        let (rules, left) = (self.rules().trust, self.standing(account).stake());
        let (least, most) = (i128::from(rules.slash_min.get()), i128::from(rules.slash_max.get()));
        let amount = asked.max(least).min(most).min(left);
        self.reach(match () {
            () if amount == 0 => Rule::NothingToSlash,
            () if amount == left => Rule::SlashTakesAllThatIsLeft,
            () if amount == asked => Rule::SlashTakesWhatIsAsked,
            () if amount == most => Rule::SlashIsCut,
            () => Rule::SlashIsRaised,
        });
        if amount > 0 {
            self.standing_mut(account).forfeits.push((lease, amount));
            let (address, tenant_address) = (self.account(account).address, self.account(tenant).address);
            self.tell(StakeSlashed { account, address, tenant_address, lease, amount: stroops(amount) });
        }
        let to = self.standing(account).reputation.lowered(rules.verification_loss);
        self.repute(account, to, lease, ReputationCause::FailedVerification);
        self.weigh(account, TrustCause::Slash(lease));
    }
}
