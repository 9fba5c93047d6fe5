//! `berth serve`: an exchange node. Reads like its recipe: recover the log,
//! find the chain, begin sequencing, open the gateway, settle, and in open mode
//! serve the hosts that have no agent of their own.

mod audit;
mod chain;
mod descriptors;
pub(crate) mod genesis;
mod house;
mod operator;
mod provision;
mod signers;
mod space;
mod specifications;
mod till;
mod token;
mod treasury;

use std::sync::Arc;
use std::time::Duration;

use berth_client::Client;
use berth_gateway::{Audit, AuthConfig, Gateway, GatewayConfig, Provision, Running, Services, Starting, Till, feed};
use berth_journal::{DataDir, Follower, PrivateStore, Sequencer, SequencerConfig, Space, recover};
use berth_settlement::chain::Address;
use berth_settlement::{ChannelsConfig, Faucet, Node, Settler, SettlerConfig};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tracing::info;

pub(crate) use self::chain::{Chain, connect};
use self::operator::Operator;
use self::provision::FaucetProvision;
use self::signers::LedgerSigners;
use self::till::X402Till;
use self::treasury::EscrowTreasury;
use crate::backup::SETTLEMENT;
use crate::config::{Config, Flags};
use crate::fault::{Fault, While};
use crate::keys;
use crate::process::asked_to_end;

/// How often the settler asks for the contract's events.
const POLL_MS: u64 = 500;

#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    flags: Flags,
    /// Starts although the specifications of all open orders and leases under way
    /// are lost. What needs one ends by its timeouts.
    #[arg(long)]
    accept_lost_specifications: bool,
    /// Ends when standard input ends.
    #[arg(long, hide = true)]
    with_parent: bool,
}

impl Serve {
    /// The settings among its arguments.
    pub(crate) const fn flags(&self) -> &Flags {
        &self.flags
    }

    pub(crate) async fn run(self, config: Config) -> Result<(), Fault> {
        // The address is taken now, before anything is made or deployed, and whoever
        // asks is told that the node is starting. Words in TLS would take more.
        let starting = Starting::listen(config.listen).await.or_fault("taking the address")?;
        let starting = match config.tls.gateway() {
            None => Some(starting),
            Some(_) => {
                starting.end().await;
                None
            }
        };
        descriptors::raise(config.limits.connections.get());
        let rpc = config.rpc.as_ref().map(|rpc| &*rpc.0);
        let contract = config.contract.map(|contract| contract.0);
        let dir = DataDir::new(&config.data);
        let recovered = recover(&dir).or_fault("recovering the log")?;
        let known = recovered.exchange().genesis().cloned();
        let operator = Operator::configured(&config, known.is_some())?;
        if known.is_some() && config.open && rpc.is_none() {
            Chain::check_kept(&config.data)?;
        }
        let chain = Chain::reach(&config.data, rpc, config.open).await?;
        let (escrow, operator, genesis) = match known {
            Some(genesis) => {
                let operator = operator.of_log(&genesis)?;
                let escrow = chain.contract(Address::Contract(genesis.escrow_contract.0));
                (escrow, operator, genesis::check(genesis, chain.network(), contract)?)
            }
            None => {
                let (escrow, operator) = match contract {
                    Some(contract) => {
                        let escrow = chain.contract(contract);
                        let deployed = escrow.config().await.or_fault("asking the escrow contract")?;
                        (escrow, operator.of(deployed.operator)?)
                    }
                    None if config.open => {
                        let operator = operator.of_new_contract()?;
                        let kept = |name| keys::kept(&config.data, name);
                        (chain.deploy(&operator, &kept("treasury")?, &kept("receipts")?).await?, operator)
                    }
                    None => return Err(Fault::CouldNotRun("--contract is needed: the escrow contract there".into())),
                };
                let grants: Vec<_> = config.grants.iter().map(|grant| grant.0).collect();
                let auditors: Vec<_> = config.auditors.iter().map(|account| account.0).collect();
                let genesis = genesis::build(&escrow, &operator, config.open, &grants, &auditors).await?;
                (escrow, operator, genesis)
            }
        };
        let log_is_fresh = recovered.is_fresh();
        info!(contract = %escrow.id(), fresh = log_is_fresh, "the chain is there");

        let events = recovered.events();
        let private = PrivateStore::open(&dir).or_fault("opening the private store")?;
        let swept = specifications::check(&dir, &private, recovered.exchange(), self.accept_lost_specifications)?;
        if swept > 0 {
            info!(swept, "specifications are removed that no order names");
        }
        let token = token::fresh(&config.data)?;
        let exchange = recovered.exchange().clone();
        let replica = recovered.follower();
        let (tell_full, full) = oneshot::channel();
        // Ends with the node.
        let space = Space::start(&dir, space::config(config.disk), move || {
            // Nobody listens any more where the node ends already.
            let _ = tell_full.send(());
        });
        let space = space.or_fault("looking at the disk")?;
        let (publisher, feed) = feed();
        let on_committed = move |batch| publisher.publish(batch);
        let sequencing = SequencerConfig { admission: space.admission(), ..SequencerConfig::new(on_committed) };
        let sequencer = Sequencer::start(recovered, Some(genesis), sequencing).or_fault("starting the sequencer")?;
        let (followed, key) = audit::config(&config.data, sequencer.handle().log_id())?;
        let follower = Follower::start(&dir, replica, followed).or_fault("following the log")?;
        let provision = if config.open { Some(FaucetProvision::new(escrow.clone())?) } else { None };
        let faucet = if config.open { Some(Faucet::new(escrow.clone()).or_fault("--open")?) } else { None };
        let settled_in = escrow.config().await.or_fault("asking the escrow contract")?.token();
        let treasury = EscrowTreasury::new(escrow.clone(), settled_in, faucet);
        let log = sequencer.handle().log_id();
        let till = X402Till::open(&config.x402, &config.data, (&escrow, settled_in), log).await?;
        let auth = AuthConfig {
            server_key: keys::kept(&config.data, "auth")?.signing_key(),
            token_key: keys::kept(&config.data, "token")?.signing_key(),
            token_seconds: config.token_seconds.get(),
            passphrase: chain.passphrase().to_owned(),
            domain: config.domain.clone(),
            signers: Arc::new(LedgerSigners(escrow.rpc().clone())),
        };
        let services = Services {
            sequencer: sequencer.handle(),
            feed,
            exchange,
            dir,
            events,
            private,
            audit: follower.tree().map(|tree| Audit { tree, key }),
            auth,
            treasury: Some(Arc::new(treasury)),
            till: till.map(|till| Arc::new(till) as Arc<dyn Till>),
            provision: provision.map(|provision| Arc::new(provision) as Arc<dyn Provision>),
        };
        let served = GatewayConfig {
            listen: config.listen,
            open: config.open,
            operator_token: token.clone(),
            limits: config.limits.gateway(),
            tls: config.tls.gateway(),
            traced: config.telemetry.endpoint.is_some(),
        };
        warn_of_plain_words(&config);
        for stray in crate::config::strays() {
            tracing::warn!(variable = stray.name, "{}", stray.what());
        }
        let served_by_tls = served.tls.is_some();
        if let Some(starting) = starting {
            starting.end().await;
        }
        let gateway = Gateway::start(services, served).await.or_fault("opening the gateway")?;
        // The node's own followers need no proof of who it is.
        let url = format!("http://{}", gateway.inner_addr());
        let scheme = if served_by_tls { "https" } else { "http" };
        let public = format!("{scheme}://{}", gateway.local_addr());

        let own = Client::new(&url, Some(token)).or_fault("the node's own address")?;
        let mut settler = Settler::start(
            SettlerConfig {
                rpc_url: chain.url().to_owned(),
                contract: escrow.id(),
                operator,
                channels: ChannelsConfig {
                    key: keys::kept(&config.data, "channels")?,
                    count: u32::try_from(config.settle.channels.get()).expect("there are 64 at most"),
                },
                data_dir: config.data.join(SETTLEMENT),
                poll_ms: POLL_MS,
            },
            Node::new(own, settled_in),
        );
        let (end_house, house_ends) = watch::channel(false);
        let house =
            config.open.then(|| tokio::spawn(house::run(url.clone(), config.data.clone(), config.docker, house_ends)));
        println!("Berth at {public}{}", if config.open { " (open: for trying out, on this machine only)" } else { "" });

        if chain.is_embedded() {
            println!("A local Stellar network at {}", chain.url());
        }

        let asked = tokio::select! {
            asked = asked_to_end(self.with_parent) => asked,
            never = renew_on_hangup(&gateway) => never,
            // It ends by itself only when it cannot go on, and a node that does
            // not settle must not take orders.
            ended = settler.wait() => ended.or_fault("the settler"),
            Ok(()) = full => Err(Fault::CouldNotRun(format!(
                "the disk of {} is full but for what the next start needs: make room, then start again",
                config.data.display()
            ))),
        };
        info!("ending");
        // Consumers first, so that nothing they still report is lost on the way.
        end_house.send_replace(true);
        if let Some(house) = house
            && tokio::time::timeout(Duration::from_secs(10), house).await.is_err()
        {
            tracing::warn!("the house agent did not end in time; what it runs goes on");
        }
        let settled = settler.stop().await;
        gateway.shutdown().await;
        // It blocks until the queue is empty and the log is closed; then the last
        // checkpoint is of all of it.
        let stop = move || {
            sequencer.stop();
            follower.stop();
        };
        tokio::task::spawn_blocking(stop).await.or_fault("stopping the sequencer and the follower")?;
        let closed = chain.shutdown().await;
        asked?;
        settled.or_fault("the settler")?;
        closed
    }
}

/// Who listens beyond this machine in plain words shows everybody on the way what
/// is said, tokens among it.
fn warn_of_plain_words(config: &Config) {
    if config.tls.gateway().is_none() && !config.listen.ip().is_loopback() {
        tracing::warn!(
            listen = %config.listen,
            "NO TLS: everybody between clients and this node reads and changes what they say, tokens among it. Set \
             tls.certificate and tls.key, or listen on loopback behind a proxy that speaks HTTPS"
        );
    }
}

/// Reads the certificate anew whenever this process is sent SIGHUP.
async fn renew_on_hangup(gateway: &Running) -> Result<(), Fault> {
    let mut hangups = signal(SignalKind::hangup()).or_fault("listening for SIGHUP")?;
    loop {
        hangups.recv().await;
        match gateway.renew_certificate() {
            Ok(()) => info!("SIGHUP: the certificate is read"),
            Err(error) => tracing::error!(%error, "SIGHUP: the certificate in use stays"),
        }
    }
}
