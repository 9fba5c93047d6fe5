//! Workload files: order flow of one or many books, in one layout.
//!
//! All numbers are little-endian, without padding. A header of 64 bytes:
//!
//! | offset | type | field |
//! |---|---|---|
//! | 0 | 8 bytes | magic `GLXWL01\0` |
//! | 8 | u32 | version, 1 |
//! | 12 | u32 | books |
//! | 16 | u64 | commands that fill the books, not timed |
//! | 24 | u64 | commands that are timed |
//! | 32, 36 | u32, u32 | lowest and highest price |
//! | 40 | u64 | highest order id |
//! | 48 | u64 | seed |
//! | 56 | u32 | users |
//! | 60 | u32 | bytes of a command, 24 |
//!
//! Then the commands, first those that fill the books:
//!
//! | offset | type | field |
//! |---|---|---|
//! | 0 | u8 | 0 place and rest, 1 place and take, 2 cancel, 3 move |
//! | 1 | u8 | 0 buy, 1 sell |
//! | 2 | u16 | book |
//! | 4 | u32 | user, from 1 |
//! | 8 | u64 | order, from 1 over all books |
//! | 16 | u32 | price in ticks; of a move the new one |
//! | 20 | u32 | quantity; of a cancel and a move what is open |

mod generate;
mod oracle;

use std::io::{self, Write};
use std::path::Path;

pub use generate::{Made, Recipe};
pub use oracle::{Expected, oracle};

const MAGIC: [u8; 8] = *b"GLXWL01\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
const COMMAND_BYTES: usize = 24;

/// What a file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Books, numbered from 0.
    pub books: u32,
    /// Commands that fill the books before the clock runs.
    pub prefill: u64,
    /// Commands that are timed.
    pub timed: u64,
    /// The lowest price that occurs, in ticks.
    pub price_min: u32,
    /// The highest price that occurs, in ticks.
    pub price_max: u32,
    /// The highest order id.
    pub order_max: u64,
    /// What the generator started from.
    pub seed: u64,
    /// Users, numbered from 1.
    pub users: u32,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Trades what it can; what is left rests.
    Rest,
    /// Trades what it can; what is left is dropped.
    Take,
    /// Takes a resting order out.
    Cancel,
    /// Gives a resting order another price: it trades first if that crosses,
    /// and stands last where it then rests.
    Move,
}

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Demand: the highest price first.
    Buy,
    /// Supply: the lowest price first.
    Sell,
}

impl Side {
    /// The side that it trades with.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Its index in a pair.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it does.
    pub op: Op,
    /// The order's side.
    pub side: Side,
    /// The book.
    pub book: u16,
    /// Who sends it: the order's owner.
    pub user: u32,
    /// The order.
    pub order: u64,
    /// In ticks: the limit, or a move's new price.
    pub price: u32,
    /// Of what is placed.
    pub quantity: u32,
}

/// A file's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// What it says about itself.
    pub header: Header,
    /// All commands, first those that fill the books.
    commands: Vec<Command>,
}

/// Why a file is not a workload.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadFault {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is another kind of file.
    #[error("this is no workload file: it does not begin with GLXWL01")]
    Magic,
    /// It is of another version, or its commands have another size.
    #[error("{field} is {found}, this program reads {expected}")]
    Layout {
        /// Which number differs.
        field: &'static str,
        /// What it is.
        found: u32,
        /// What it must be.
        expected: u32,
    },
    /// It does not end where its header says.
    #[error("the header announces {expected} bytes, the file has {found}")]
    Length {
        /// Bytes that the header announces.
        expected: u128,
        /// Bytes that are there.
        found: usize,
    },
    /// Its ids are not dense.
    #[error("the highest order id is {0}, more than there are commands")]
    Orders(u64),
    /// A command that no generator writes.
    #[error("command {index}: {field} {found} is out of range")]
    Command {
        /// Which one, counted from 0 over the whole file.
        index: usize,
        /// The field that is wrong.
        field: &'static str,
        /// What it holds.
        found: u64,
    },
}

impl Workload {
    /// A workload of these commands.
    pub(crate) const fn new(header: Header, commands: Vec<Command>) -> Self {
        Self { header, commands }
    }

    /// Commands that fill the books.
    #[must_use]
    pub fn prefill(&self) -> &[Command] {
        &self.commands[..self.prefill_len()]
    }

    /// Commands that are timed.
    #[must_use]
    pub fn timed(&self) -> &[Command] {
        &self.commands[self.prefill_len()..]
    }

    /// How many orders of a side are placed.
    pub(crate) fn placed(&self, side: Side) -> usize {
        self.commands.iter().filter(|c| c.side == side && matches!(c.op, Op::Rest | Op::Take)).count()
    }

    fn prefill_len(&self) -> usize {
        usize::try_from(self.header.prefill).expect("the commands are in memory, so their number fits")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is not a well-formed workload.
    pub fn read(path: &Path) -> Result<Self, WorkloadFault> {
        Self::decode(&std::fs::read(path)?)
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// When they are not a well-formed workload: layout, length, and every field
    /// of every command within what the header announces.
    pub fn decode(bytes: &[u8]) -> Result<Self, WorkloadFault> {
        let head = bytes.get(..HEADER_BYTES).filter(|head| head.starts_with(&MAGIC)).ok_or(WorkloadFault::Magic)?;
        must_be("version", u32_at(head, 8), VERSION)?;
        must_be("the size of a command", u32_at(head, 60), COMMAND_BYTES as u32)?;
        let header = Header {
            books: u32_at(head, 12),
            prefill: u64_at(head, 16),
            timed: u64_at(head, 24),
            price_min: u32_at(head, 32),
            price_max: u32_at(head, 36),
            order_max: u64_at(head, 40),
            seed: u64_at(head, 48),
            users: u32_at(head, 56),
        };
        let count = u128::from(header.prefill) + u128::from(header.timed);
        let expected = HEADER_BYTES as u128 + count * COMMAND_BYTES as u128;
        if expected != bytes.len() as u128 {
            return Err(WorkloadFault::Length { expected, found: bytes.len() });
        }
        let records = bytes[HEADER_BYTES..].chunks_exact(COMMAND_BYTES);
        // Every id is placed by a command of its own, so a driver may size its
        // tables by the highest one.
        if u128::from(header.order_max) > count {
            return Err(WorkloadFault::Orders(header.order_max));
        }
        let commands =
            records.enumerate().map(|(index, record)| decode(&header, index, record)).collect::<Result<_, _>>()?;
        Ok(Self { header, commands })
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = io::BufWriter::new(std::fs::File::create(path)?);
        self.encode(&mut file)?;
        file.flush()
    }

    /// Writes a file's bytes.
    ///
    /// # Errors
    /// When `out` does not take them.
    pub fn encode(&self, out: &mut impl Write) -> io::Result<()> {
        let Header { books, prefill, timed, price_min, price_max, order_max, seed, users } = self.header;
        out.write_all(&MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&books.to_le_bytes())?;
        out.write_all(&prefill.to_le_bytes())?;
        out.write_all(&timed.to_le_bytes())?;
        out.write_all(&price_min.to_le_bytes())?;
        out.write_all(&price_max.to_le_bytes())?;
        out.write_all(&order_max.to_le_bytes())?;
        out.write_all(&seed.to_le_bytes())?;
        out.write_all(&users.to_le_bytes())?;
        out.write_all(&(COMMAND_BYTES as u32).to_le_bytes())?;
        for command in &self.commands {
            out.write_all(&[command.op as u8, command.side as u8])?;
            out.write_all(&command.book.to_le_bytes())?;
            out.write_all(&command.user.to_le_bytes())?;
            out.write_all(&command.order.to_le_bytes())?;
            out.write_all(&command.price.to_le_bytes())?;
            out.write_all(&command.quantity.to_le_bytes())?;
        }
        Ok(())
    }
}

fn decode(header: &Header, index: usize, record: &[u8]) -> Result<Command, WorkloadFault> {
    let fault = |field, found| WorkloadFault::Command { index, field, found };
    let op = match record[0] {
        0 => Op::Rest,
        1 => Op::Take,
        2 => Op::Cancel,
        3 => Op::Move,
        other => return Err(fault("op", other.into())),
    };
    let side = match record[1] {
        0 => Side::Buy,
        1 => Side::Sell,
        other => return Err(fault("side", other.into())),
    };
    let book = u16::from_le_bytes([record[2], record[3]]);
    let (user, order, price, quantity) = (u32_at(record, 4), u64_at(record, 8), u32_at(record, 16), u32_at(record, 20));
    let is_in_range = [
        ("book", u64::from(book), u32::from(book) < header.books),
        ("user", user.into(), (1..=header.users).contains(&user)),
        ("order", order, (1..=header.order_max).contains(&order)),
        ("price", price.into(), (header.price_min..=header.price_max).contains(&price)),
        ("quantity", quantity.into(), quantity > 0),
    ];
    match is_in_range.into_iter().find(|(.., is_in)| !is_in) {
        Some((field, found, _)) => Err(fault(field, found)),
        None => Ok(Command { op, side, book, user, order, price, quantity }),
    }
}

const fn must_be(field: &'static str, found: u32, expected: u32) -> Result<(), WorkloadFault> {
    if found == expected { Ok(()) } else { Err(WorkloadFault::Layout { field, found, expected }) }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
