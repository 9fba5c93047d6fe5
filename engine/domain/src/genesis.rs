//! The first entry of a log: what the exchange is and what it allows.

use crate::codec::codec_struct;
use crate::ids::{Address, Digest};
use crate::market::ResourceClass;
use crate::money::FeeBps;
use crate::text::Text;
use crate::time::Seconds;
use crate::trust::TrustLevel;
use crate::trust_rules::TrustRules;

/// The rules of one exchange, fixed in the first entry of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// SHA-256 of the Stellar network's passphrase.
    pub network: Digest,
    /// The escrow contract on that network.
    pub escrow_contract: Digest,
    /// The settlement asset's code, `XLM`.
    pub asset: Text<12>,
    /// Who signs settlement and operates the markets.
    pub operator: Address,
    /// Who is paid the platform's fee.
    pub treasury: Address,
    /// The platform's fee out of a provider's pay.
    pub fee: FeeBps,
    /// Level of an account that no grant names. What it does can raise it above
    /// and never lowers it below.
    pub default_level: TrustLevel,
    /// Starting levels by address, with the same meaning.
    pub grants: Vec<Grant>,
    /// Markets that are open from the start.
    pub markets: Vec<ResourceClass>,
    /// Whether registering a GPU of a new class opens its market.
    pub open_markets: bool,
    /// Timeouts.
    pub timing: Timing,
    /// Bounds on what one command or one account may cost.
    pub bounds: Bounds,
    /// What trust levels and reputations are made of.
    pub trust: TrustRules,
    /// Whose attestations count for level Five.
    pub auditors: Vec<Address>,
}

codec_struct!(Genesis {
    network,
    escrow_contract,
    asset,
    operator,
    treasury,
    fee,
    default_level,
    grants,
    markets,
    open_markets,
    timing,
    bounds,
    trust,
    auditors,
});

/// A starting trust level for one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account's key.
    pub address: Address,
    /// Its level.
    pub level: TrustLevel,
}

codec_struct!(Grant { address, level });

/// Timeouts of a lease's life, and how long changes are announced before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From opened to escrowed.
    pub escrow_timeout: Seconds,
    /// From escrowed to running.
    pub start_timeout: Seconds,
    /// From one heartbeat to the next, as agents are asked to send them.
    pub heartbeat_interval: Seconds,
    /// The longest gap between heartbeats that is paid.
    pub heartbeat_grace: Seconds,
    /// The silence after which a lease is dark.
    pub dark_after: Seconds,
    /// From closing to closed when the agent does not answer.
    pub closing_timeout: Seconds,
    /// What the chain's deadline adds to start timeout and duration, so that
    /// a lease which ran to its end can still be settled.
    pub settle_grace: Seconds,
    /// From the announcement of new terms or rules until they are in force.
    pub reconfigure_delay: Seconds,
    /// How long before a lease's funds end its tenant is told.
    pub runway_warning: Seconds,
    /// How long a lease may be suspended, all its suspensions together.
    pub suspend_timeout: Seconds,
    /// Checks that may fail one after the other: the last of them fails the
    /// lease. At least 1.
    pub missed_checks: u32,
    /// The longest gap between heartbeats that a signed backlog fills.
    pub backlog_window: Seconds,
}

codec_struct!(Timing {
    escrow_timeout,
    start_timeout,
    heartbeat_interval,
    heartbeat_grace,
    dark_after,
    closing_timeout,
    settle_grace,
    reconfigure_delay,
    runway_warning,
    suspend_timeout,
    missed_checks,
    backlog_window,
});

/// Bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Pairs that one scan of the book may skip.
    pub scan: u32,
    /// Timers that one tick fires, and events after which it fires no more.
    pub tick: u32,
    /// Open orders of one account.
    pub orders: u32,
    /// Live bids of one account.
    pub bids: u32,
    /// Providers of one account.
    pub providers: u32,
    /// Replicas of one order.
    pub replicas: u32,
    /// The longest duration of a lease.
    pub duration: Seconds,
    /// Client ids that are remembered per account, beside those of live things.
    pub client_ids: u32,
    /// Leases that one entry may open, so that its events fit into one frame.
    pub fills: u32,
    /// Orders and bids that may rest in one market's book.
    pub depth: u32,
    /// Quotes of one mass quote.
    pub quotes: u32,
    /// Live bids that are directed at one order.
    pub directed: u32,
}

codec_struct!(Bounds {
    scan,
    tick,
    orders,
    bids,
    providers,
    replicas,
    duration,
    client_ids,
    fills,
    depth,
    quotes,
    directed,
});

impl Default for Timing {
    /// Timeouts for a node in service: generous to a chain that closes a
    /// ledger every five seconds and to images that take minutes to pull.
    fn default() -> Self {
        Self {
            escrow_timeout: Seconds(300),
            start_timeout: Seconds(900),
            heartbeat_interval: Seconds(10),
            heartbeat_grace: Seconds(60),
            dark_after: Seconds(180),
            closing_timeout: Seconds(180),
            settle_grace: Seconds(86_400),
            reconfigure_delay: Seconds(86_400),
            runway_warning: Seconds(600),
            suspend_timeout: Seconds(3_600),
            missed_checks: 3,
            backlog_window: Seconds(3_600),
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            scan: 10_000,
            tick: 1_000,
            orders: 1_000,
            bids: 10_000,
            providers: 1_000,
            // The report that starts a lease names each replica's container and
            // must fit into one request.
            replicas: 256,
            duration: Seconds(366 * 86_400),
            client_ids: 4_096,
            fills: 1_000,
            depth: 1_000_000,
            quotes: 200,
            // An entry that ends all orders of an account loses as many for each.
            directed: 256,
        }
    }
}
