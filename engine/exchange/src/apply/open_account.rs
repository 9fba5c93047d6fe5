//! Opens an account for a key.

use berth_domain::OpenAccount;

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, open: &OpenAccount) -> Outcome {
    match x.accounts.by_address(open.address) {
        Some(account) => Outcome::Repeated(Reply::Account(account)),
        None => Outcome::Done(Reply::Account(x.account_of(step, open.address))),
    }
}
