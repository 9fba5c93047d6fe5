//! What trust is made of: the thresholds that one exchange sets in its genesis.

use crate::codec::codec_struct;
use crate::money::Stroops;
use crate::standing::Share;
use crate::uptime::Uptime;

/// Thresholds of trust levels and what moves a reputation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustRules {
    /// The least fee of a lease that counts. Of a completed lease the fee that
    /// it paid; of one that failed or went dark the fee of its whole escrow,
    /// since failing early must not help.
    pub min_fee: Stroops,
    /// The largest share of the counted leases that one tenant may have, and
    /// never less than one lease.
    pub tenant_share: Share,
    /// The least number of distinct tenants behind a record or an uptime that
    /// speaks for an account.
    pub min_tenants: u32,
    /// Counted leases that a record holds, from 1 to 65,535; the oldest makes
    /// room.
    pub window: u32,
    /// The stake of level Two.
    pub stake_two: Stroops,
    /// The stake of level Three and above.
    pub stake_three: Stroops,
    /// The fewest counted leases of level Three and above.
    pub min_leases: u32,
    /// The least completed share of them for level Three.
    pub completed_three: Share,
    /// The same for level Four and above.
    pub completed_four: Share,
    /// The least uptime of level Four and above.
    pub uptime_four: Uptime,
    /// Days, the present one among them, whose leases speak for the uptime:
    /// from 1 to 366. A day begins at midnight UTC.
    pub uptime_days: u16,
    /// Points of reputation for a completed lease.
    pub completed_gain: u8,
    /// Points lost by a failed lease.
    pub failed_loss: u8,
    /// Points lost by a lease that went dark.
    pub dark_loss: u8,
    /// Points lost by a failed verification.
    pub verification_loss: u8,
    /// The least that a failed verification forfeits, as far as it is staked.
    pub slash_min: Stroops,
    /// The most that it forfeits.
    pub slash_max: Stroops,
}

codec_struct!(TrustRules {
    min_fee,
    tenant_share,
    min_tenants,
    window,
    stake_two,
    stake_three,
    min_leases,
    completed_three,
    completed_four,
    uptime_four,
    uptime_days,
    completed_gain,
    failed_loss,
    dark_loss,
    verification_loss,
    slash_min,
    slash_max,
});

impl Default for TrustRules {
    /// Rules for an exchange that settles in XLM: a lease counts from a fee of
    /// 1, levels Two and Three cost a stake of 100 and 1,000, and a failed
    /// verification forfeits 10 to 1,000.
    fn default() -> Self {
        let units = |n: i64| Stroops::new(n * 10_000_000).expect("no less than zero");
        let share = |bps| Share::new(bps).expect("below 10,000");
        Self {
            min_fee: units(1),
            tenant_share: share(1_000),
            min_tenants: 10,
            window: 1_000,
            stake_two: units(100),
            stake_three: units(1_000),
            min_leases: 10,
            completed_three: share(9_500),
            completed_four: share(9_800),
            uptime_four: Uptime::new(9_900).expect("below 10,000"),
            uptime_days: 30,
            completed_gain: 1,
            failed_loss: 5,
            dark_loss: 10,
            verification_loss: 25,
            slash_min: units(10),
            slash_max: units(1_000),
        }
    }
}
