//! Client ids: a command that is repeated is not carried out again, as long as
//! its id must be remembered.

use std::collections::BTreeMap;

use berth_domain::codec::Encode;
use berth_domain::{AccountId, ClientId, Code, Command, Entry};
use berth_exchange::{Exchange, Outcome, Reply};

use super::{Checked, ensure, rule};

#[derive(Clone, Debug)]
struct Known {
    payload: blake3::Hash,
    reply: Reply,
    /// Which of its account's remembered commands it was.
    number: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Once {
    known: BTreeMap<(AccountId, ClientId), Known>,
    /// Commands of each account that were carried out with a client id.
    numbers: BTreeMap<AccountId, u64>,
    /// Whether the next entry's id must be remembered.
    must_know: bool,
}

/// The client id of a command that has one.
pub(crate) const fn client_id(command: &Command) -> Option<&ClientId> {
    match command {
        Command::PlaceOrder(place) => place.client_id.as_ref(),
        Command::PlaceBid(place) => place.client_id.as_ref(),
        Command::ReplaceOrder(replace) => replace.place.client_id.as_ref(),
        Command::ReplaceBid(replace) => replace.place.client_id.as_ref(),
        Command::RegisterProvider(register) => register.client_id.as_ref(),
        _ => None,
    }
}

impl Once {
    pub(super) fn before(&mut self, x: &Exchange, entry: &Entry) {
        self.must_know = client_id(&entry.command).is_some_and(|id| {
            let known = self.known.get(&(entry.account, *id));
            known.is_some_and(|known| {
                let window = x.bounds().client_ids;
                let since = self.numbers.get(&entry.account).copied().unwrap_or(0) - known.number;
                since < window.into() || is_live(x, known.reply)
            })
        });
    }

    pub(super) fn after(&mut self, entry: &Entry, outcome: Outcome) -> Checked {
        let Some(id) = client_id(&entry.command) else { return Ok(()) };
        let payload = blake3::hash(&entry.command.to_bytes());
        let key = (entry.account, *id);
        let known = self.known.get(&key);
        let expected = match known {
            Some(known) if known.payload == payload => Outcome::Repeated(known.reply),
            Some(_) => Outcome::Refused(Code::ClientIdReused),
            None => {
                let is_new = !matches!(outcome, Outcome::Repeated(_) | Outcome::Refused(Code::ClientIdReused));
                ensure!(is_new, rule::ONCE, "entry {} with a new id {id} came to {outcome:?}", entry.seq);
                outcome
            }
        };
        ensure!(
            !self.must_know || outcome == expected,
            rule::ONCE,
            "entry {} repeats id {id} of account {}, whose outcome was {known:?}, and came to {outcome:?}",
            entry.seq,
            entry.account
        );
        if let Outcome::Done(reply) = outcome {
            let number = self.numbers.entry(entry.account).or_default();
            *number += 1;
            self.known.insert(key, Known { payload, reply, number: *number });
        }
        Ok(())
    }
}

/// Whether what a command made is live: its id is then remembered for as long.
fn is_live(x: &Exchange, reply: Reply) -> bool {
    match reply {
        Reply::Order(id) => x.order(id).is_some_and(berth_exchange::Order::is_live),
        Reply::Bid(id) => x.bid(id).is_some_and(berth_exchange::Bid::is_live),
        Reply::Provider(_) => true,
        Reply::None | Reply::Account(_) | Reply::Lease(_) | Reply::Market(_) => false,
    }
}
