//! An exchange out of its content. What is written there is read, what follows
//! from it is worked out anew, and what can be compared is compared: a content
//! is data from a disk, and must not make an exchange that stumbles later.

mod accounts;
mod books;
mod leases;
mod money;
mod places;
mod source;

use std::fmt;
use std::io::{self, Read};

use berth_domain::codec::DecodeError;
use berth_domain::{Genesis, LeaseId, Micros, ProviderId, Seq};
use thiserror::Error;

use self::accounts::Remembered;
use self::books::Shelf;
use self::money::Money;
use self::source::Source;
use crate::content::Component;
use crate::exchange::Exchange;
use crate::state::{Check, Gang, StateHash};

/// Where in a content something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The component.
    pub component: Component,
    /// What kind of thing.
    pub thing: &'static str,
    /// Its id, or its place among its like from 1; zero where there is one only.
    pub place: u64,
    /// Which of its fields.
    pub field: &'static str,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { component, thing, place, field } = self;
        write!(f, "{}: {thing} {place}: {field}", component.name())
    }
}

/// Why bytes are not the content of an exchange.
#[derive(Debug, Error)]
pub enum ContentError {
    /// The bytes do not come.
    #[error("the content cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A field is not the encoding of anything that may stand there.
    #[error("{spot}: {source}")]
    Unreadable {
        /// Where.
        spot: Spot,
        /// Why.
        source: DecodeError,
    },
    /// A field contradicts others.
    #[error("{0} does not agree with the rest of the content")]
    Contradicts(Spot),
    /// Bytes are left over.
    #[error("bytes are left over behind the content")]
    Trailing,
}

impl Exchange {
    /// The exchange whose content `input` holds, in the order of
    /// [`Component::ALL`] and nothing behind it, after the entry at `head`,
    /// which was stamped `last_at`. With it comes the hash of what was read,
    /// which is its state hash. From then on it does what the one that was
    /// written does.
    ///
    /// # Errors
    /// When the bytes do not come, are no content, or contradict each other.
    pub fn from_content(head: Seq, last_at: Micros, input: &mut dyn Read) -> Result<(Self, StateHash), ContentError> {
        let mut source = Source::new(input);
        let mut x = Self { head, last_at, ..Self::default() };

        source.begin(Component::Ledger);
        let money = Money::read(&mut source)?;
        x.chain_cursor = source.value("chain cursor")?;
        x.stake_cursor = source.value("stake cursor")?;
        let ledger = source.digest();

        source.begin(Component::Books);
        let shelves: Vec<Shelf> = source.all("market")?;
        x.orders = source.all("order")?;
        x.bids = source.all("bid")?;
        let reentering = source.values("re-entry")?;
        let books = source.digest();

        source.begin(Component::Leases);
        x.leases = source.all("lease")?;
        let standbys = source.all("standby")?;
        let seeking: Vec<LeaseId> = source.values("lease that seeks a standby")?;
        let freed: Vec<ProviderId> = source.values("host that is freed")?;
        let gangs: Vec<Gang> = source.all("gang")?;
        let checks: Vec<Check> = source.all("check")?;
        let timers = source.values("timer")?;
        let leases = source.digest();

        source.begin(Component::Providers);
        x.genesis = source.value::<Option<Genesis>>("genesis")?;
        x.config = source.one("config")?;
        x.accounts.restore(source.all("account")?)?;
        x.providers = source.all("provider")?;
        let remembered = Remembered::read(&mut source, x.accounts.len())?;
        let providers = source.digest();
        source.end()?;

        x.restore_config()?;
        x.restore_providers()?;
        x.restore_markets(&shelves)?;
        x.restore_orders()?;
        x.restore_bids()?;
        x.restore_ladders(&shelves)?;
        x.restore_leases()?;
        x.restore_standbys(standbys, &seeking, &freed)?;
        x.restore_gangs(gangs)?;
        x.restore_checks(checks)?;
        x.restore_reentries(reentering)?;
        x.restore_timers(timers)?;
        x.restore_money(money)?;
        x.restore_client_ids(remembered)?;
        x.check_room()?;
        Ok((x, StateHash { ledger, books, leases, providers }))
    }
}

/// Refuses what contradicts the rest.
fn agree(
    is_so: bool,
    component: Component,
    thing: &'static str,
    place: u64,
    field: &'static str,
) -> Result<(), ContentError> {
    if is_so { Ok(()) } else { Err(ContentError::Contradicts(Spot { component, thing, place, field })) }
}
