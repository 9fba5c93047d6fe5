//! Keys that speak for accounts.

use std::collections::BTreeMap;

use berth_domain::{AccountId, KEYS_MAX};

use super::Invariants;
use crate::exchange::Exchange;

/// How far ahead of the exchange's time a signature may be, in microseconds.
const AHEAD: u64 = 60_000_000;

pub(super) fn check(x: &Exchange, found: &mut Invariants) {
    let now = x.last_at();
    let latest = now.0.saturating_add(AHEAD);
    let mut owners: BTreeMap<[u8; 32], AccountId> = BTreeMap::new();
    for account in x.accounts() {
        let (id, keys) = (account.id, account.keys());
        found.holds(keys.len() <= KEYS_MAX, || format!("account {id} has {} keys", keys.len()));
        let is_sorted = keys.is_sorted_by(|a, b| a.key < b.key);
        found.holds(is_sorted, || format!("the keys of account {id} are out of order"));
        found.holds(account.nonce() <= latest, || format!("account {id} has signed what is yet to come"));
        for key in keys {
            let other = owners.insert(key.key, id);
            found.same(other, None, || format!("whose a key of account {id} is, too"));
            found.holds(!key.scopes.is_empty(), || format!("a key of account {id} may say nothing"));
            found.holds(key.nonce <= latest, || format!("a key of account {id} has signed what is yet to come"));
            let speaks_for = x.account_of_key(&key.key);
            let must = key.is_live(now).then_some((id, key));
            found.same(speaks_for, must, || format!("whom a key of account {id} speaks for"));
        }
    }
}
