//! The verbs of `berth bench`, and of the program of this crate, which has
//! nothing else to compile.
#![expect(clippy::print_stdout, reason = "verbs of the terminal")]

#[cfg(feature = "gateway")]
mod gateway;
#[cfg(feature = "journal")]
mod journal;

use std::fmt::Display;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use crate::drive::{BooksAlone, Driver, LadderBooks, TreeBooks, WholeExchange};
use crate::generate::generate;
use crate::measure::{MeasureFault, compare, measure, once};
use crate::workload::{Recipe, Workload};

/// What to make or to measure.
#[derive(Subcommand)]
pub enum Verb {
    /// Writes a workload file.
    Generate {
        /// Which: one book; a hundred books; one book with a million orders.
        flow: Flow,
        /// The file.
        out: PathBuf,
        /// Start of the random numbers (default 1, 2, 3 for a, b, c).
        #[arg(long)]
        seed: Option<u64>,
        /// Timed commands (default 3,000,000).
        #[arg(long)]
        commands: Option<u64>,
    },
    /// Measures the book alone, beside one of the standard library's maps.
    Book(Measured),
    /// Measures the whole exchange, beside a book of the standard library's maps.
    Apply(Measured),
    /// Measures on two files in turns: how much slower a deep book is.
    Ratio(Compared),
    /// Measures what a node makes durable, beside a plain append with fdatasync,
    /// and how quickly it reads that back.
    #[cfg(feature = "journal")]
    Journal(journal::Journal),
    /// Measures how long a node with a long log takes to start.
    #[cfg(feature = "journal")]
    Start(journal::Start),
    /// Measures how long a durable command takes through a node's socket and how
    /// many are answered, beside fdatasync and a bare WebSocket. The node is this
    /// program, in a folder of its own.
    #[cfg(feature = "gateway")]
    Gateway(gateway::Gateway),
    /// Measures what many sockets cost a node, and whether one that does not read is
    /// anybody else's concern.
    #[cfg(feature = "gateway")]
    Sockets(gateway::Sockets),
}

/// A file to measure, and how often.
#[derive(clap::Args)]
pub struct Measured {
    /// A workload file.
    file: PathBuf,
    /// Runs of each; the best and the median count.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Carries the file out once, for instruments that watch from outside.
    #[arg(long)]
    once: bool,
}

/// Two files to measure, and how often.
#[derive(clap::Args)]
pub struct Compared {
    /// What to measure.
    what: What,
    /// A workload file.
    first: PathBuf,
    /// Another.
    second: PathBuf,
    /// Runs of each.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

/// What carries a workload out.
#[derive(Clone, Copy, ValueEnum)]
pub enum What {
    /// The book alone.
    Book,
    /// The whole exchange.
    Apply,
}

/// A kind of order flow.
#[derive(Clone, Copy, ValueEnum)]
pub enum Flow {
    /// One book with a thousand orders.
    A,
    /// A hundred books with a thousand orders each.
    B,
    /// One book with a million orders.
    C,
}

impl Verb {
    /// Does it and prints what came of it, in words or, with `json`, with one
    /// object on the last line.
    ///
    /// # Errors
    /// When a file cannot be read or written, or a driver trades wrongly.
    pub fn run(self, json: bool) -> Result<(), MeasureFault> {
        match self {
            Self::Generate { flow, out, seed, commands } => {
                let recipe = match flow {
                    Flow::A => Recipe::a(),
                    Flow::B => Recipe::b(),
                    Flow::C => Recipe::c(),
                };
                let (seed, commands) = (seed.unwrap_or(recipe.seed), commands.unwrap_or(recipe.commands));
                print(json, &generate(Recipe { seed, commands, ..recipe }, &out)?);
                Ok(())
            }
            Self::Book(measured) => measured.run::<BooksAlone<LadderBooks>>(json),
            Self::Apply(measured) => measured.run::<WholeExchange>(json),
            Self::Ratio(Compared { what, first, second, runs }) => {
                let workloads = [&Workload::read(&first)?, &Workload::read(&second)?];
                let ratio = match what {
                    What::Book => compare::<BooksAlone<LadderBooks>>(workloads, runs.into())?,
                    What::Apply => compare::<WholeExchange>(workloads, runs.into())?,
                };
                print(json, &ratio);
                Ok(())
            }
            #[cfg(feature = "journal")]
            Self::Journal(verb) => verb.run(json),
            #[cfg(feature = "journal")]
            Self::Start(verb) => verb.run(json),
            #[cfg(feature = "gateway")]
            Self::Gateway(verb) => verb.run(json),
            #[cfg(feature = "gateway")]
            Self::Sockets(verb) => verb.run(json),
        }
    }
}

impl Measured {
    fn run<D: Driver>(self, json: bool) -> Result<(), MeasureFault> {
        let workload = Workload::read(&self.file)?;
        if self.once {
            let (tally, per_second) = once::<D>(&workload)?;
            println!("{} commands, {per_second} a second, hash {:016x}", workload.header.timed, tally.hash);
        } else {
            print(json, &measure::<D, BooksAlone<TreeBooks>>(&workload, self.runs.into())?);
        }
        Ok(())
    }
}

fn print(json: bool, answer: &(impl Display + Serialize)) {
    println!("{answer}");
    if json {
        println!("{}", serde_json::to_string(answer).expect("numbers and names are JSON"));
    }
}
