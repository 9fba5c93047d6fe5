//! Events of a book, and what they add up to.

/// What happened in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An order rests, or what it has left after its trades.
    Accepted {
        /// The order.
        order: u64,
        /// What rests.
        quantity: u32,
    },
    /// An order rests at another price, with what it has left.
    Moved {
        /// The order.
        order: u64,
        /// Where it now rests, in ticks.
        price: u32,
        /// What rests.
        quantity: u32,
    },
    /// An order left the book, or what it has left was dropped.
    Cancelled {
        /// The order.
        order: u64,
        /// What is gone.
        quantity: u32,
    },
    /// Two orders met, at the maker's price.
    Trade {
        /// The order that came.
        taker: u64,
        /// The order that rested.
        maker: u64,
        /// In ticks.
        price: u32,
        /// How much.
        quantity: u32,
    },
    /// The order is not there, or is not the sender's.
    Refused {
        /// The order.
        order: u64,
    },
}

/// What events add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Trades.
    pub trades: u64,
    /// The sum of their quantities.
    pub volume: u64,
    /// The sum of their quantities times prices.
    pub notional: u128,
    /// A hash over the trades in their order.
    pub hash: u64,
    /// Commands that were refused.
    pub refused: u64,
}

impl Tally {
    /// Adds events.
    pub fn add(&mut self, events: &[Event]) {
        for event in events {
            match *event {
                Event::Trade { taker, maker, price, quantity } => self.trade(taker, maker, price, quantity),
                Event::Refused { .. } => self.refused += 1,
                Event::Accepted { .. } | Event::Moved { .. } | Event::Cancelled { .. } => {}
            }
        }
    }

    /// Adds a trade.
    pub fn trade(&mut self, taker: u64, maker: u64, price: u32, quantity: u32) {
        let (price, quantity) = (u64::from(price), u64::from(quantity));
        let trade = taker.wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ maker.wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
            ^ price.wrapping_mul(0x1656_67B1_9E37_79F9)
            ^ quantity;
        self.hash = (self.hash.rotate_left(5) ^ trade).wrapping_mul(0x517C_C1B7_2722_0A95);
        self.trades += 1;
        self.volume += quantity;
        self.notional += u128::from(price) * u128::from(quantity);
    }
}
