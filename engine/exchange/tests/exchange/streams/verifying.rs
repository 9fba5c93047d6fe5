//! Jobs whose results are checked: which orders want it, the steps of their
//! leases, and what streams must meet of it.

use berth_domain::{
    AccountId, BidTarget, ChainEventId, Command, ContainerReport, Deposit, Digest, Escrowed, Event, FinishLease,
    FinishOutcome, GpuInventory, JobResult, LeaseId, LeaseState, LedgerSeen, Limits, MarketId, Mode, PlaceBid,
    PlaceOrder, ProviderId, Rate, RegisterProvider, Resources, Seconds, SelfTrade, SettlementRefunded, StakeFact,
    StartLease, StopLease, TimeInForce, TrustLevel, TxHash, Verify,
};

use super::dice::{Dice, ids, text};
use super::leasing::stroops;
use super::tape::OPENING;
use crate::cast::{address, class};
use crate::oracle::{Lease, Oracle, Origin, is_tenth};

/// What streams must meet of verification.
pub(crate) const TO_MEET: [&str; 19] = [
    "lease.ledgerSeen done",
    "lease.ledgerSeen repeated",
    "verification.started",
    "verification.drawn",
    "verification.rerun",
    "verification.ended",
    "verdict notDrawn",
    "verdict agreed",
    "verdict differed",
    "verdict undecided",
    "verdict noFunds",
    "verdict noProvider",
    "verdict noResult",
    "verdict noLedger",
    "lease ends failedVerification",
    "stake.slashed",
    "trust by slash",
    "reputation by failedVerification",
    "drawn not",
];

/// What an event says of that, beside its name.
pub(crate) fn met(event: &Event) -> Option<String> {
    match event {
        Event::VerificationEnded(e) => Some(format!("verdict {}", e.verdict)),
        Event::VerificationDrawn(e) if !e.drawn => Some("drawn not".to_owned()),
        _ => None,
    }
}

/// Whether many orders of a stream are checked.
pub(crate) const fn is_checked(choice: u8) -> bool {
    choice.is_multiple_of(3)
}

/// The platform has fees to pay reruns from, or hardly any, and there are hosts
/// enough to run on.
pub(crate) fn setting(choice: u8) -> Vec<(AccountId, Command)> {
    let event = ChainEventId { toid: 9, index: 0 };
    let amount = stroops(if choice % 4 == 1 { 2_000 } else { 700_000 });
    let fees = Deposit { event, address: address("treasury"), amount };
    let mut setting = vec![(AccountId::EXCHANGE, fees.into())];
    // One of the hosts' owners has nothing to lose.
    if !choice.is_multiple_of(2) {
        let event = ChainEventId { toid: 8, index: 0 };
        let fact = StakeFact { event, address: address("eve"), staked: stroops(0), slashed: None };
        setting.push((AccountId::EXCHANGE, fact.into()));
    }
    for (account, host) in [(4, 8), (5, 9), (6, 10), (3, 11)] {
        let register = RegisterProvider {
            resources: Resources { cpu: 100, memory: 1_000, storage: 1_000 },
            bandwidth: 100,
            gpus: vec![GpuInventory { class: class("H100-80"), count: 40 }],
            hostname: text("large.example"),
            port: 22,
            attributes: vec![],
            own_agent: false,
            client_id: None,
        };
        setting.push((AccountId(account), register.into()));
        let (min_duration, max_duration) = (Seconds(0), Seconds(20_000));
        // One of these bids has an end, so that it can be given another.
        let (time_in_force, expires_at) = match host {
            11 => (TimeInForce::Gtd, Some(OPENING.plus(Seconds(100_000)))),
            _ => (TimeInForce::Gtc, None),
        };
        let bid = PlaceBid {
            provider: ProviderId(host),
            target: BidTarget::Standing { market: MarketId(2), quantity: 1_000, min_duration, max_duration },
            price: Rate::new(3_600 + i64::from(host % 2)).expect("positive"),
            time_in_force,
            expires_at,
            post_only: false,
            self_trade: SelfTrade::Skip,
            session: None,
            client_id: None,
        };
        setting.push((AccountId(account), bid.into()));
    }
    setting
}

/// Some orders are checked, and some as they may not be.
pub(crate) fn wants_checks(place: &mut PlaceOrder, often: bool, dice: &mut Dice<'_>) {
    match dice.below(if often { 8 } else { 128 }) {
        1 | 2 => {
            place.verify = Verify::Spot;
            if often {
                eases(place);
            }
        }
        3 => {
            place.verify = Verify::Replicas(dice.pick(&[3, 3, 3, 3, 3, 3, 5, 4]));
            if !dice.once_in(16) {
                (place.replicas, place.mode, place.time_in_force) = (3, Mode::Auto, TimeInForce::Fok);
                (place.closes_at, place.expires_at, place.aim) = (None, None, None);
                (place.post_only, place.failover) = (false, false);
                eases(place);
            }
        }
        _ => {}
    }
}

/// Asks for what most hosts have.
fn eases(place: &mut PlaceOrder) {
    (place.units, place.resources, place.min_uptime) = (1, Resources::default(), None);
    let most = |level: &TrustLevel| (*level, Rate::new(21_600).expect("positive"));
    place.limits = Limits::new(TrustLevel::ALL.iter().map(most)).expect("levels");
    place.requires.clear();
}

/// The next step of a lease whose result is to be checked, towards that.
pub(crate) fn verifying(x: &Oracle, dice: &mut Dice<'_>) -> Option<(AccountId, Command)> {
    let verify = |lease: &Lease| x.find_order(lease.order).map_or(Verify::None, |order| order.place.verify);
    let checked: Vec<_> = x.leases.iter().filter(|lease| verify(lease) != Verify::None).collect();
    let goes_on = |lease: &&&Lease| !matches!(lease.state, LeaseState::Closing | LeaseState::Closed);
    // Most of the time the oldest that somebody still has to do something for,
    // so that orders come to their verdicts.
    let waits = |lease: &&Lease| {
        let is_drawn = x.checks.iter().any(|check| check.lease == lease.id);
        let others_do = verify(lease) != Verify::Spot || matches!(lease.origin, Origin::Rerun(_)) || is_drawn;
        lease.state == LeaseState::Verifying && others_do
    };
    let id = match dice.below(8) {
        0 => LeaseId(dice.id(&ids(checked.iter().map(|lease| lease.id.0)))),
        1 => LeaseId(dice.id(&ids(checked.iter().filter(goes_on).map(|lease| lease.id.0)))),
        _ => {
            let next = checked.iter().filter(goes_on).filter(|lease| !waits(lease));
            next.min_by_key(|lease| (lease.order, lease.id))?.id
        }
    };
    let lease = x.find_lease(id)?;
    let seen = |drawn: bool, ledger| {
        let hash = (0..=u8::MAX).map(|byte| Digest([byte; 32])).find(|hash| is_tenth(*hash, id) == drawn);
        LedgerSeen { lease: id, ledger, hash: hash.expect("a tenth of 256 is drawn") }
    };
    Some(match lease.state {
        LeaseState::Opened => (AccountId::EXCHANGE, Escrowed { lease: id, tx: TxHash([3; 32]), ledger: 1 }.into()),
        LeaseState::Escrowed => {
            let containers = vec![ContainerReport { id: text("c"), ports: vec![] }; lease.replicas as usize];
            (lease.owner, StartLease { lease: id, image: text("sha256:0"), containers }.into())
        }
        LeaseState::Running | LeaseState::Suspended if dice.once_in(12) => {
            let finish = FinishLease {
                lease: id,
                outcome: dice.pick(&[FinishOutcome::Failed, FinishOutcome::Exited]),
                exit_code: None,
                result: None,
                detail: text(""),
            };
            (lease.owner, finish.into())
        }
        LeaseState::Running | LeaseState::Suspended => (lease.owner, exits(lease, dice).into()),
        _ if matches!(lease.origin, Origin::Rerun(_)) || dice.once_in(8) => match dice.below(6) {
            0 => (lease.tenant, StopLease { lease: id }.into()),
            1 => (lease.owner, exits(lease, dice).into()),
            2 => {
                let finish = FinishLease { result: lease.result, ..exits(lease, dice) };
                (lease.owner, finish.into())
            }
            3 => (AccountId::EXCHANGE, seen(true, dice.some(2)).into()),
            _ => {
                let amount = stroops(lease.escrow());
                let refunded = SettlementRefunded { lease: id, tx: TxHash([6; 32]), ledger: 3, amount };
                (AccountId::EXCHANGE, refunded.into())
            }
        },
        _ => (AccountId::EXCHANGE, seen(!dice.once_in(5), 1).into()),
    })
}

/// Every other run of a job has another result.
fn exits(lease: &Lease, dice: &mut Dice<'_>) -> FinishLease {
    let byte = if dice.once_in(2) { dice.pick(&[1, 1, 2]) } else { 9 };
    let result = (!dice.once_in(20)).then_some(JobResult { sha256: Digest([byte; 32]), size: 1 });
    let (outcome, exit_code) = (FinishOutcome::Exited, Some(0));
    FinishLease { lease: lease.id, outcome, exit_code, result, detail: text("") }
}
