//! `berth`: an exchange for compute leases. The one binary and the only
//! composition root: it puts journal, gateway, settler and agent together and
//! holds no logic of theirs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the terminal")]

mod account;
mod archive;
mod audit;
mod backup;
mod bench;
mod bid;
mod bot;
mod config;
mod demo;
mod fault;
mod file;
mod gpus;
mod job;
mod keys;
mod lease;
mod ledger;
mod logging;
mod mandate;
mod market;
mod order;
mod output;
mod process;
mod provider;
mod reasons;
mod remote;
mod serve;
mod settle;
mod telemetry;
mod top;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{File, Flags, Loaded};
use crate::fault::Fault;
use crate::output::Format;
use crate::telemetry::Telemetry;

#[global_allocator]
static ALLOCATOR: berth_benches::allocations::CountingAllocator = berth_benches::allocations::CountingAllocator;

/// An exchange for compute leases.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Berth {
    /// How answers are printed.
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table, env = "BERTH_OUTPUT")]
    output: Format,
    /// A file with settings (TOML): what the environment and flags leave open.
    #[arg(long, global = true, value_name = "FILE", env = "BERTH_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// The guided first lease: a ledger, a node, two providers and a tenant on this machine.
    Demo(demo::Demo),
    /// Runs an exchange node.
    Serve(serve::Serve),
    /// Runs a provider's agent.
    Provider(provider::Provider),
    /// Runs an embedded Stellar ledger: a local network for trying out.
    Ledger(ledger::Ledger),
    /// Settings: check, show.
    Config(config::Verb),
    /// Keys: new, show, register, list, revoke.
    Keys(keys::Keys),
    /// An account: show, spend, history, deposit, withdraw.
    Account(account::Account),
    /// Markets: list; for the operator open, pause, resume, cycle.
    Market(market::Market),
    /// Orders: create, list, show, explain, amend, cancel.
    Order(order::Order),
    /// Bids: place, list, cancel, accept.
    Bid(bid::Bid),
    /// Leases: list, show, health, logs, result, stop, proof.
    Lease(lease::Lease),
    /// GPUs at a fixed price: list, show, offer, rent, stop.
    Gpus(gpus::Gpus),
    /// Batch jobs: submit, list, show, result, templates.
    Job(job::Job),
    /// Bots: a provider's market maker, a tenant's agent.
    Bot(bot::Bot),
    /// A market and its node on the terminal: ladder, tape, leases, health.
    Top(top::Top),
    /// Replays a log from nothing and prints where its state ends.
    Replay(audit::replay::Replay),
    /// Checks a log: chain, checksums, watermark, snapshots, Merkle tree, events, replay, invariants.
    Verify(audit::verify::Verify),
    /// Prints the log: head, cat, tail.
    Log(audit::log::Log),
    /// Shows a thing as it was behind an entry.
    State(audit::state::State),
    /// All that ever touched an order or a lease, and why each provider was chosen or not.
    Explain(audit::explain::Explain),
    /// What two states of one log differ in.
    Diff(audit::diff::Diff),
    /// The first entry at which two logs differ, and in what.
    Bisect(audit::bisect::Bisect),
    /// Whether each lease was the best that was to be had at its moment.
    Fairness(audit::fairness::Fairness),
    /// Proofs that entries stand in the signed tree, and their check.
    Proof(audit::proof::Proof),
    /// All that a third party needs to check one lease, in one file.
    Bundle(audit::bundle::Bundle),
    /// Checks such a file, offline.
    VerifyBundle(audit::bundle::VerifyBundle),
    /// All events as files, for those who ask with SQL.
    Export(audit::export::Export),
    /// Moves old batches of a log into files beside it.
    Archive(archive::Archive),
    /// Copies a node's data, also while it runs.
    Backup(backup::Backup),
    /// Makes a data directory out of such a copy.
    Restore(backup::Restore),
    /// Compares the exchange's money with the escrow contract's, to the stroop.
    Settle(settle::Settle),
    /// Measures the book and the exchange over workload files, beside a baseline.
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let ended = begin();
    match ended.as_ref().and_then(|()| output::whole()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("berth: {fault}");
            fault.exit_code()
        }
    }
}

/// Reads arguments and settings, begins to log, and runs the verb.
fn begin() -> Result<(), Fault> {
    let mut command = Berth::command();
    let mut matches = command.clone().get_matches();
    let file = matches.get_one::<PathBuf>("config").map(|path| File::read(path)).transpose()?;
    // What a wrong file says is told by the verb that is about it.
    let is_about_it = matches.subcommand_name() == Some("config");
    if let Some(file) = file.as_ref().filter(|_| !is_about_it) {
        command = config::with_file(command, file)?;
        matches = command.clone().get_matches();
    }
    let berth = Berth::from_arg_matches(&matches).unwrap_or_else(|fault| fault.format(&mut command).exit());
    let flags = match &berth.verb {
        Verb::Serve(serve) => serve.flags(),
        _ => &Flags::default(),
    };
    // What is wrong elsewhere is told by the verb that minds.
    logging::begin(&Loaded::of_process(file.as_ref(), flags).config.log);
    run(berth, file.as_ref())
}

fn run(berth: Berth, file: Option<&File>) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Fault::while_doing("starting the runtime", cause))?;
    let format = berth.output;
    match berth.verb {
        Verb::Demo(demo) => runtime.block_on(demo.run()),
        Verb::Serve(serve) => {
            let settings = Loaded::sound(file, serve.flags())?.config;
            let telemetry = Telemetry::begin(&settings.telemetry)?;
            let ended = runtime.block_on(serve.run(settings));
            telemetry.end();
            ended
        }
        Verb::Provider(provider) => runtime.block_on(provider.run(format)),
        Verb::Ledger(ledger) => runtime.block_on(ledger.run()),
        Verb::Config(config) => config.run(file, format),
        Verb::Keys(keys) => runtime.block_on(keys.run(format)),
        Verb::Account(account) => runtime.block_on(account.run(format)),
        Verb::Market(market) => runtime.block_on(market.run(format)),
        Verb::Order(order) => runtime.block_on(order.run(format)),
        Verb::Bid(bid) => runtime.block_on(bid.run(format)),
        Verb::Lease(lease) => runtime.block_on(lease.run(format)),
        Verb::Gpus(gpus) => runtime.block_on(gpus.run(format)),
        Verb::Job(job) => runtime.block_on(job.run(format)),
        Verb::Bot(bot) => runtime.block_on(bot.run(format)),
        Verb::Top(top) => runtime.block_on(top.run()),
        Verb::Replay(replay) => replay.run(format),
        Verb::Verify(verify) => verify.run(format),
        Verb::Log(log) => log.run(format),
        Verb::State(state) => state.run(format),
        Verb::Explain(explain) => explain.run(format),
        Verb::Diff(diff) => diff.run(format),
        Verb::Bisect(bisect) => bisect.run(format),
        Verb::Fairness(fairness) => fairness.run(format),
        Verb::Proof(proof) => proof.run(format),
        Verb::Bundle(bundle) => bundle.run(),
        Verb::VerifyBundle(bundle) => bundle.run(format),
        Verb::Export(export) => export.run(format),
        Verb::Archive(archive) => archive.run(format),
        Verb::Backup(backup) => backup.run(format),
        Verb::Restore(restore) => restore.run(format),
        Verb::Bench(bench) => bench.run(format, &runtime),
        Verb::Settle(settle) => runtime.block_on(settle.run(format)),
    }
}
