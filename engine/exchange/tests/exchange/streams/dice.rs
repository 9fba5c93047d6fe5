//! Small numbers drawn one after the other, and the words that they choose.
//! Zeros are the plainest choice, so that a stream shrinks to plain commands.

use berth_domain::{Attribute, ClientId, Limits, Micros, Rate, Seconds, SelfTrade, Text, TimeInForce, TrustLevel};

pub(crate) struct Dice<'a>(pub(crate) std::slice::Iter<'a, u16>);

impl Dice<'_> {
    /// From 0, below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        u64::from(self.0.next().copied().unwrap_or_default()) % n.max(1)
    }

    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == n - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let place = self.below(from.len() as u64);
        from[usize::try_from(place).expect("small")]
    }

    /// From 1 to `most`.
    pub(crate) fn some(&mut self, most: u64) -> u32 {
        u32::try_from(1 + self.below(most)).expect("small")
    }

    /// One of these ids, or one that never was.
    pub(crate) fn id(&mut self, ids: &[u64]) -> u64 {
        if ids.is_empty() || self.once_in(60) { self.pick(&[1, 0, 7, 1_000, u64::MAX]) } else { self.pick(ids) }
    }

    /// Rates that fall together often, and some at which leases cost a stroop
    /// or less.
    pub(crate) fn rate(&mut self) -> Rate {
        let roll = self.below(1_024);
        let step = i64::try_from(roll % 6 + 1).expect("small");
        let scale = match roll / 6 % 16 {
            0..13 => 3_600,
            13 | 14 => 1_234,
            _ => 1,
        };
        if roll == 1_023 { Rate::MAX } else { Rate::new(step * scale).expect("positive") }
    }

    /// One limit for all levels, or two over some of them.
    pub(crate) fn limits(&mut self) -> Limits {
        let (first, second, set) = (self.rate(), self.rate(), self.below(40));
        let at = |level: &TrustLevel| match set {
            0..24 => Some((*level, first)),
            _ if (set >> level.index()) & 1 == 1 => {
                Some((*level, if level.index().is_multiple_of(2) { first } else { second }))
            }
            _ => None,
        };
        Limits::new(TrustLevel::ALL.iter().filter_map(at))
            .or_else(|| Limits::new([(TrustLevel::One, first)]))
            .expect("one level")
    }

    pub(crate) fn client_id(&mut self) -> Option<ClientId> {
        let is_named = self.once_in(4);
        let text = self.pick(&["a", "b", "c", "d", "e", "f", "g", ""]);
        is_named.then(|| ClientId::new(text).expect("short"))
    }

    pub(crate) fn session(&mut self) -> Option<u64> {
        self.pick(&[None, Some(1), Some(2)])
    }

    pub(crate) fn self_trade(&mut self) -> SelfTrade {
        self.pick(&[SelfTrade::ExpireTaker, SelfTrade::ExpireMaker, SelfTrade::Skip])
    }

    /// How long it stays; an end goes with `gtd`, and now and then where none
    /// belongs.
    pub(crate) fn stays(&mut self, from: &[TimeInForce], now: Micros) -> (TimeInForce, Option<Micros>) {
        let time_in_force = self.pick(from);
        let is_sound = !self.once_in(40);
        let end = now.plus(Seconds(self.below(80)));
        (time_in_force, ((time_in_force == TimeInForce::Gtd) == is_sound).then_some(end))
    }
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).expect("short enough")
}

pub(crate) fn region(name: &str) -> Attribute {
    Attribute { key: text("region"), value: text(name) }
}

pub(crate) fn ids(ids: impl Iterator<Item = u64>) -> Vec<u64> {
    ids.collect()
}
