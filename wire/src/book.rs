//! The public book: rows, a picture kept from updates, and its checksum.

use std::cmp::Reverse;

use berth_domain::{Rate, TrustLevel};
use serde::{Deserialize, Serialize};

use crate::scalar::AsText;

/// Rows of each side that the checksum covers.
pub const CRC_ROWS: usize = 10;

/// One row: everything at one price and one trust level. On the wire it is
/// `[level, price, quantity, count]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookRow {
    /// Trust level.
    pub level: TrustLevel,
    /// Price of a unit-hour.
    pub price: Rate,
    /// Units; zero in an update removes the row.
    pub quantity: u64,
    /// Bids or orders.
    pub count: u32,
}

impl Serialize for BookRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (AsText(self.level), AsText(self.price), self.quantity, self.count).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for BookRow {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (AsText(level), AsText(price), quantity, count) = Deserialize::deserialize(deserializer)?;
        Ok(Self { level, price, quantity, count })
    }
}

/// A side of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Supply: lowest price first.
    Bids,
    /// Demand: highest price first.
    Orders,
}

impl Side {
    /// Sorts rows as the book shows them; at one price the higher level first.
    pub fn sort(self, rows: &mut [BookRow]) {
        rows.sort_by_key(|row| self.key(row));
    }

    fn key(self, row: &BookRow) -> (i64, Reverse<TrustLevel>) {
        let price = match self {
            Self::Bids => row.price.get(),
            Self::Orders => -row.price.get(),
        };
        (price, Reverse(row.level))
    }

    fn put(self, rows: &mut Vec<BookRow>, row: BookRow) {
        match (rows.binary_search_by_key(&self.key(&row), |other| self.key(other)), row.quantity) {
            (Ok(i), 0) => {
                rows.remove(i);
            }
            (Ok(i), _) => rows[i] = row,
            (Err(_), 0) => {}
            (Err(i), _) => rows.insert(i, row),
        }
    }

    /// The rows that turn `old` into `new`; both are sorted.
    fn diff(self, old: &[BookRow], new: &[BookRow]) -> Vec<BookRow> {
        let (mut i, mut j, mut rows) = (0, 0, Vec::new());
        while i < old.len() || j < new.len() {
            let order = match (old.get(i), new.get(j)) {
                (Some(old), Some(new)) => self.key(old).cmp(&self.key(new)),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, _) => std::cmp::Ordering::Greater,
            };
            if order.is_lt() {
                rows.push(BookRow { quantity: 0, count: 0, ..old[i] });
            } else if order.is_gt() || old[i] != new[j] {
                rows.push(new[j]);
            }
            i += usize::from(order.is_le());
            j += usize::from(order.is_ge());
        }
        rows
    }
}

/// Both sides of a market's book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookPicture {
    bids: Vec<BookRow>,
    orders: Vec<BookRow>,
}

impl BookPicture {
    /// A picture of these rows, in any order; rows of quantity zero are
    /// dropped, and of two rows for one price and level the later counts.
    #[must_use]
    pub fn new(bids: Vec<BookRow>, orders: Vec<BookRow>) -> Self {
        let mut picture = Self::default();
        picture.apply(&bids, &orders);
        picture
    }

    /// Supply, lowest price first.
    #[must_use]
    pub fn bids(&self) -> &[BookRow] {
        &self.bids
    }

    /// Demand, highest price first.
    #[must_use]
    pub fn orders(&self) -> &[BookRow] {
        &self.orders
    }

    /// Takes in an update: each row's new value; zero removes it.
    pub fn apply(&mut self, bids: &[BookRow], orders: &[BookRow]) {
        bids.iter().for_each(|row| Side::Bids.put(&mut self.bids, *row));
        orders.iter().for_each(|row| Side::Orders.put(&mut self.orders, *row));
    }

    /// The update, bids and orders, that turns this picture into `new`.
    #[must_use]
    pub fn diff(&self, new: &Self) -> (Vec<BookRow>, Vec<BookRow>) {
        (Side::Bids.diff(&self.bids, &new.bids), Side::Orders.diff(&self.orders, &new.orders))
    }

    /// Its checksum.
    #[must_use]
    pub fn crc(&self) -> u32 {
        crc(&self.bids, &self.orders)
    }
}

/// CRC-32 (IEEE) over the first ten rows of `bids`, then of `orders`, each
/// `level:price:quantity`, joined by `|`.
#[must_use]
pub fn crc(bids: &[BookRow], orders: &[BookRow]) -> u32 {
    let rows = bids.iter().take(CRC_ROWS).chain(orders.iter().take(CRC_ROWS));
    let text: Vec<_> = rows.map(|row| format!("{}:{}:{}", row.level, row.price, row.quantity)).collect();
    crc32fast::hash(text.join("|").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(text: &str) -> BookRow {
        serde_json::from_str(text).expect("a row")
    }

    #[test]
    fn the_checksum_has_a_test_vector() {
        let bids = [row(r#"["Five","2.5",8,3]"#), row(r#"["Three","2.5",1,1]"#)];
        let orders = [row(r#"["Five","2.4",4,1]"#)];
        // crc32("Five:2.5:8|Three:2.5:1|Five:2.4:4"), checked with zlib.
        assert_eq!(crc(&bids, &orders), VECTOR);
        assert_eq!(crc(&[], &[]), 0);
    }

    const VECTOR: u32 = 459_056_551;

    #[test]
    fn sides_are_sorted_by_price_then_level() {
        let rows = vec![
            row(r#"["One","2",1,1]"#),
            row(r#"["Five","3",1,1]"#),
            row(r#"["Two","2",1,1]"#),
            row(r#"["Two","1",1,1]"#),
        ];
        let picture = BookPicture::new(rows.clone(), rows);
        let show = |rows: &[BookRow]| {
            rows.iter().map(|row| format!("{}@{}", row.level, row.price)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(show(picture.bids()), "Two@1 Two@2 One@2 Five@3");
        assert_eq!(show(picture.orders()), "Five@3 Two@2 One@2 Two@1");
    }

    fn rows() -> impl Strategy<Value = Vec<BookRow>> {
        let row = (0..5_usize, 1..6_i64, 1..4_u64).prop_map(|(level, price, quantity)| BookRow {
            level: TrustLevel::ALL[level],
            price: Rate::new(price).expect("in range"),
            quantity,
            count: 1,
        });
        proptest::collection::vec(row, 0..20)
    }

    proptest! {
        #[test]
        fn a_diff_applied_gives_the_new_picture(a in rows(), b in rows(), c in rows(), d in rows()) {
            let (mut old, new) = (BookPicture::new(a, b), BookPicture::new(c, d));
            let (bids, orders) = old.diff(&new);
            old.apply(&bids, &orders);
            prop_assert_eq!(&old, &new);
            prop_assert_eq!(old.crc(), new.crc());
            prop_assert_eq!(old.diff(&new), (vec![], vec![]));
        }
    }
}
