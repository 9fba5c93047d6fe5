//! What each market's trades come to: the last one, and candles of three
//! lengths, from which all intervals are made. Bounded for each market, however
//! long the log is; begun from the leases of the state and followed from there.

use std::collections::{BTreeMap, VecDeque};
use std::str::FromStr;

use berth_domain::{Event, MarketId, Micros, Rate};
use berth_exchange::{Exchange, Lease, Origin};
use berth_wire::channel::{Candle, LastTrade, Ticker};

use crate::limits::{DAYS_KEPT, HOURS_KEPT, MINUTES_KEPT};

const MINUTE: u64 = 60_000_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The tapes of all markets that had a trade. Only matches count: what a standby
/// or a rerun costs was not made by a market at that moment.
#[derive(Default)]
pub(crate) struct Tapes(BTreeMap<MarketId, Tape>);

/// One market's.
pub(crate) struct Tape {
    last: LastTrade,
    minutes: Candles,
    hours: Candles,
    days: Candles,
}

/// The newest intervals of one length that had a trade, the oldest first.
struct Candles {
    length: u64,
    most: usize,
    kept: VecDeque<Candle>,
}

/// How long a candle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    OneMinute,
    FiveMinutes,
    QuarterHour,
    OneHour,
    FourHours,
    OneDay,
}

impl FromStr for Interval {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "1m" => Self::OneMinute,
            "5m" => Self::FiveMinutes,
            "15m" => Self::QuarterHour,
            "1h" => Self::OneHour,
            "4h" => Self::FourHours,
            "1d" => Self::OneDay,
            _ => return Err(()),
        })
    }
}

impl Interval {
    const fn micros(self) -> u64 {
        match self {
            Self::OneMinute => MINUTE,
            Self::FiveMinutes => 5 * MINUTE,
            Self::QuarterHour => 15 * MINUTE,
            Self::OneHour => HOUR,
            Self::FourHours => 4 * HOUR,
            Self::OneDay => DAY,
        }
    }
}

impl Tapes {
    /// Those of a state. Walks over all its leases, which are in the order of
    /// their opening.
    pub(crate) fn of(x: &Exchange) -> Self {
        let mut tapes = Self::default();
        x.leases().for_each(|lease| tapes.record(lease));
        tapes
    }

    /// Follows an event; `x` is the state behind it, or a later one.
    pub(crate) fn follow(&mut self, event: &Event, x: &Exchange) {
        if let Event::LeaseOpened(opened) = event
            && let Some(lease) = x.lease(opened.lease)
        {
            self.record(lease);
        }
    }

    fn record(&mut self, lease: &Lease) {
        if lease.origin != Origin::Match {
            return;
        }
        let last = LastTrade {
            lease_id: lease.id.0,
            price: lease.price,
            quantity: u64::from(lease.units) * u64::from(lease.replicas),
            at: lease.opened_at.0,
        };
        let tape = self.0.entry(lease.market).or_insert_with(|| Tape {
            last: last.clone(),
            minutes: Candles::new(MINUTE, MINUTES_KEPT),
            hours: Candles::new(HOUR, HOURS_KEPT),
            days: Candles::new(DAY, DAYS_KEPT),
        });
        for candles in [&mut tape.minutes, &mut tape.hours, &mut tape.days] {
            candles.record(&last);
        }
        tape.last = last;
    }

    /// The newest `limit` candles of a market that begin in `from..to`, the
    /// oldest first.
    pub(crate) fn candles(
        &self,
        market: MarketId,
        interval: Interval,
        from: Micros,
        to: Micros,
        limit: usize,
    ) -> Vec<Candle> {
        let Some(tape) = self.0.get(&market) else { return Vec::new() };
        let base = match interval {
            Interval::OneMinute | Interval::FiveMinutes | Interval::QuarterHour => &tape.minutes,
            Interval::OneHour | Interval::FourHours => &tape.hours,
            Interval::OneDay => &tape.days,
        };
        let mut candles: Vec<Candle> = Vec::new();
        for one in &base.kept {
            let opened_at = one.opened_at - one.opened_at % interval.micros();
            if opened_at < from.0 || opened_at >= to.0 {
                continue;
            }
            match candles.last_mut() {
                Some(last) if last.opened_at == opened_at => join(last, one),
                _ => candles.push(Candle { opened_at, ..one.clone() }),
            }
        }
        candles.split_off(candles.len().saturating_sub(limit))
    }

    /// A market at a glance at a time; without its book.
    pub(crate) fn ticker(&self, market: MarketId, now: Micros) -> Ticker {
        let tape = self.0.get(&market);
        let begun = now.0.saturating_sub(DAY);
        let of_day = tape.into_iter().flat_map(|tape| tape.minutes.kept.iter().filter(|one| one.opened_at > begun));
        let day = of_day.fold(None, |day: Option<Candle>, one| match day {
            Some(mut day) => {
                join(&mut day, one);
                Some(day)
            }
            None => Some(one.clone()),
        });
        let price = |read: fn(&Candle) -> Rate| day.as_ref().map(read);
        Ticker {
            bid: None,
            order: None,
            last: tape.map(|tape| tape.last.clone()),
            open24h: price(|day| day.open),
            high24h: price(|day| day.high),
            low24h: price(|day| day.low),
            volume24h: day.as_ref().map_or(0, |day| day.volume),
            trades24h: day.as_ref().map_or(0, |day| day.trades),
        }
    }
}

impl Candles {
    fn new(length: u64, most: usize) -> Self {
        Self { length, most, kept: VecDeque::new() }
    }

    fn record(&mut self, trade: &LastTrade) {
        let opened_at = trade.at - trade.at % self.length;
        let price = trade.price;
        let one =
            Candle { opened_at, open: price, high: price, low: price, close: price, volume: trade.quantity, trades: 1 };
        match self.kept.back_mut() {
            Some(last) if last.opened_at == opened_at => join(last, &one),
            _ => {
                if self.kept.len() == self.most {
                    self.kept.pop_front();
                }
                self.kept.push_back(one);
            }
        }
    }
}

/// Adds a later candle to one.
fn join(candle: &mut Candle, later: &Candle) {
    candle.high = candle.high.max(later.high);
    candle.low = candle.low.min(later.low);
    candle.close = later.close;
    candle.volume = candle.volume.saturating_add(later.volume);
    candle.trades += later.trades;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(trades: &[(u64, i64, u64)]) -> Tapes {
        let mut candles = [Candles::new(MINUTE, 3), Candles::new(HOUR, 3), Candles::new(DAY, 3)];
        let mut last = None;
        for (at, price, quantity) in trades {
            let price = Rate::new(*price).expect("in range");
            let trade = LastTrade { lease_id: 1, price, quantity: *quantity, at: *at };
            candles.iter_mut().for_each(|candles| candles.record(&trade));
            last = Some(trade);
        }
        let [minutes, hours, days] = candles;
        let tape = Tape { last: last.expect("a trade"), minutes, hours, days };
        Tapes(BTreeMap::from([(MarketId(1), tape)]))
    }

    fn shown(candles: &[Candle]) -> String {
        let row = |c: &Candle| {
            let prices = [c.open, c.high, c.low, c.close].map(|price| price.get().to_string()).join(" ");
            format!("{}: {prices} {} {}\n", c.opened_at / MINUTE, c.volume, c.trades)
        };
        candles.iter().map(row).collect()
    }

    #[test]
    fn candles_have_the_first_highest_lowest_and_last_price_of_their_intervals() {
        let tapes = tape(&[
            (60 * MINUTE, 5, 1),
            (60 * MINUTE + 1, 7, 2),
            (61 * MINUTE - 1, 4, 1),
            (63 * MINUTE, 6, 1),
            (66 * MINUTE, 9, 1),
        ]);
        let all = |interval| shown(&tapes.candles(MarketId(1), interval, Micros(0), Micros(u64::MAX), 10));
        assert_eq!(all(Interval::OneMinute), "60: 5 7 4 4 4 3\n63: 6 6 6 6 1 1\n66: 9 9 9 9 1 1\n");
        assert_eq!(all(Interval::FiveMinutes), "60: 5 7 4 6 5 4\n65: 9 9 9 9 1 1\n");
        assert_eq!(all(Interval::OneHour), "60: 5 9 4 9 6 5\n");
        assert_eq!(all(Interval::OneDay), "0: 5 9 4 9 6 5\n");
        let some = tapes.candles(MarketId(1), Interval::OneMinute, Micros(61 * MINUTE), Micros(70 * MINUTE), 1);
        assert_eq!(shown(&some), "66: 9 9 9 9 1 1\n");
        assert!(tapes.candles(MarketId(2), Interval::OneDay, Micros(0), Micros(u64::MAX), 10).is_empty());
    }

    #[test]
    fn a_tape_keeps_the_newest_intervals_and_a_ticker_looks_a_day_back() {
        let tapes = tape(&[(MINUTE, 1, 1), (2 * MINUTE, 2, 1), (3 * MINUTE, 3, 1), (DAY + 2 * MINUTE, 4, 5)]);
        let minutes = tapes.candles(MarketId(1), Interval::OneMinute, Micros(0), Micros(u64::MAX), 10);
        assert_eq!(shown(&minutes), "2: 2 2 2 2 1 1\n3: 3 3 3 3 1 1\n1442: 4 4 4 4 5 1\n");
        let ticker = tapes.ticker(MarketId(1), Micros(DAY + 2 * MINUTE));
        assert_eq!((ticker.trades24h, ticker.volume24h), (2, 6));
        assert_eq!(ticker.open24h, Rate::new(3));
        assert_eq!(ticker.last.map(|last| last.quantity), Some(5));
        assert_eq!(tapes.ticker(MarketId(2), Micros(DAY)).trades24h, 0);
    }
}
