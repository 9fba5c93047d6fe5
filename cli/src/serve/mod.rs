//! `berth serve`: an exchange node. Reads like its recipe: recover the log,
//! find the chain, begin sequencing, open the gateway, settle, and in open mode
//! serve the hosts that have no agent of their own.

mod audit;
mod chain;
mod descriptors;
mod genesis;
mod house;
mod provision;
mod signers;
mod space;
mod specifications;
mod token;
mod treasury;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use berth_client::Client;
use berth_domain::TrustLevel;
use berth_gateway::{Audit, AuthConfig, Gateway, GatewayConfig, Provision, RateLimits, Services, feed};
use berth_journal::{DataDir, Follower, PrivateStore, Sequencer, SequencerConfig, Space, recover};
use berth_settlement::chain::Address;
use berth_settlement::{Faucet, Node, Settler, SettlerConfig};
use clap::Args;
use tokio::sync::{oneshot, watch};
use tracing::info;

use self::chain::Chain;
pub(crate) use self::chain::connect;
use self::provision::FaucetProvision;
use self::signers::LedgerSigners;
use self::space::SpaceArgs;
use self::treasury::EscrowTreasury;
use crate::fault::{Fault, While};
use crate::keys;
use crate::process::asked_to_end;

/// How often the settler asks for the contract's events.
const POLL_MS: u64 = 500;

#[derive(Args)]
pub(crate) struct Serve {
    /// Where the log and the node's keys are kept.
    #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
    data: PathBuf,
    /// Where HTTP and WebSocket listen.
    #[arg(long, default_value = "127.0.0.1:3000", env = "BERTH_LISTEN")]
    listen: SocketAddr,
    /// For trying out: trusts every address that a request names. Loopback only.
    #[arg(long)]
    open: bool,
    /// The domain at which accounts log in, such as berth.example.com, which is
    /// reached by HTTPS. Without it they log in by HTTP at the address that the
    /// node listens on.
    #[arg(long, env = "BERTH_DOMAIN")]
    domain: Option<String>,
    /// How long a login lasts, in seconds.
    #[arg(long, default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(60..=31_536_000), env = "BERTH_TOKEN_SECONDS")]
    token_seconds: u64,
    /// JSON-RPC of the Stellar network to settle on. Without it, `--open` runs a
    /// local network inside this process, kept in DATA/ledger.
    #[arg(long, env = "BERTH_RPC")]
    rpc: Option<String>,
    /// The escrow contract. Without it, `--open` deploys one.
    #[arg(long, env = "BERTH_CONTRACT")]
    contract: Option<Address>,
    /// Grants a starting trust level, for a new log: `G…=Five`. May be repeated.
    #[arg(long = "grant", value_name = "ADDRESS=LEVEL", value_parser = genesis::parse_grant)]
    grants: Vec<(berth_domain::Address, TrustLevel)>,
    /// Whose attestations a new log counts for trust level Five. May be
    /// repeated.
    #[arg(long = "auditor", value_name = "ADDRESS", value_parser = genesis::parse_account)]
    auditors: Vec<berth_domain::Address>,
    /// The Docker engine of the house agent, such as unix:///var/run/docker.sock.
    #[arg(long, env = "DOCKER_HOST")]
    docker: Option<String>,
    #[command(flatten)]
    space: SpaceArgs,
    /// Starts although the specifications of all open orders and leases under way
    /// are lost. What needs one ends by its timeouts.
    #[arg(long)]
    accept_lost_specifications: bool,
    /// Ends when standard input ends.
    #[arg(long, hide = true)]
    with_parent: bool,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<(), Fault> {
        if self.open && !self.listen.ip().is_loopback() {
            return Err(Fault::CouldNotRun(format!(
                "--open trusts whoever connects, so it listens on loopback only, not on {}",
                self.listen
            )));
        }
        if !self.open && self.domain.is_none() && self.listen.ip().is_unspecified() {
            return Err(Fault::CouldNotRun(format!(
                "--domain is needed: {} is no address that accounts could log in at",
                self.listen
            )));
        }
        // Asked for now, before anything is made or deployed.
        TcpListener::bind(self.listen).map(drop).or_fault(&format!("listening on {}", self.listen))?;
        descriptors::raise();
        let dir = DataDir::new(&self.data);
        let recovered = recover(&dir).or_fault("recovering the log")?;
        let known = recovered.exchange().genesis().cloned();
        // A new log begins with new keys; one that goes on needs its own.
        let operator = match &known {
            Some(genesis) => genesis::operator(genesis, keys::known(&self.data, "operator")?)?,
            None => keys::kept(&self.data, "operator")?,
        };
        if known.is_some() && self.open && self.rpc.is_none() {
            Chain::check_kept(&self.data)?;
        }
        let chain = Chain::reach(&self.data, self.rpc.as_deref(), self.open).await?;
        let (escrow, genesis) = match known {
            Some(genesis) => {
                let escrow = chain.contract(Address::Contract(genesis.escrow_contract.0));
                (escrow, genesis::check(genesis, chain.network(), self.contract)?)
            }
            None => {
                let escrow = match self.contract {
                    Some(contract) => chain.contract(contract),
                    None if self.open => chain.deploy(&operator, &keys::kept(&self.data, "treasury")?).await?,
                    None => return Err(Fault::CouldNotRun("--contract is needed: the escrow contract there".into())),
                };
                let genesis = genesis::build(&escrow, &operator, self.open, &self.grants, &self.auditors).await?;
                (escrow, genesis)
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
        let token = token::fresh(&self.data)?;
        let exchange = recovered.exchange().clone();
        let replica = recovered.follower();
        let (tell_full, full) = oneshot::channel();
        // Ends with the node.
        let space = Space::start(&dir, self.space.config(self.open), move || {
            // Nobody listens any more where the node ends already.
            let _ = tell_full.send(());
        });
        let space = space.or_fault("looking at the disk")?;
        let (publisher, feed) = feed();
        let on_committed = move |batch| publisher.publish(batch);
        let config = SequencerConfig { admission: space.admission(), ..SequencerConfig::new(on_committed) };
        let sequencer = Sequencer::start(recovered, Some(genesis), config).or_fault("starting the sequencer")?;
        let (config, key) = audit::config(&self.data, sequencer.handle().log_id())?;
        let follower = Follower::start(&dir, replica, config).or_fault("following the log")?;
        let provision = if self.open { Some(FaucetProvision::new(escrow.clone())?) } else { None };
        let faucet = if self.open { Some(Faucet::new(escrow.clone()).or_fault("--open")?) } else { None };
        let treasury = EscrowTreasury::new(escrow.clone(), faucet);
        let auth = AuthConfig {
            server_key: keys::kept(&self.data, "auth")?.signing_key(),
            token_key: keys::kept(&self.data, "token")?.signing_key(),
            token_seconds: self.token_seconds,
            passphrase: chain.passphrase().to_owned(),
            domain: self.domain,
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
            provision: provision.map(|provision| Arc::new(provision) as Arc<dyn Provision>),
        };
        let limits = if self.open { RateLimits::OPEN } else { RateLimits::PUBLIC };
        let config = GatewayConfig { listen: self.listen, open: self.open, operator_token: token.clone(), limits };
        let gateway = Gateway::start(services, config).await.or_fault("opening the gateway")?;
        let url = format!("http://{}", gateway.local_addr());

        let own = Client::new(&url, Some(token)).or_fault("the node's own address")?;
        let mut settler = Settler::start(
            SettlerConfig {
                rpc_url: chain.url().to_owned(),
                contract: escrow.id(),
                operator,
                data_dir: self.data.join("settlement"),
                poll_ms: POLL_MS,
            },
            Node::new(own),
        );
        let (end_house, house_ends) = watch::channel(false);
        let house =
            self.open.then(|| tokio::spawn(house::run(url.clone(), self.data.clone(), self.docker, house_ends)));
        println!("Berth at {url}{}", if self.open { " (open: for trying out, on this machine only)" } else { "" });

        if chain.is_embedded() {
            println!("A local Stellar network at {}", chain.url());
        }

        let asked = tokio::select! {
            asked = asked_to_end(self.with_parent) => asked,
            // It ends by itself only when it cannot go on, and a node that does
            // not settle must not take orders.
            ended = settler.wait() => ended.or_fault("the settler"),
            Ok(()) = full => Err(Fault::CouldNotRun(format!(
                "the disk of {} is full but for what the next start needs: make room, then start again",
                self.data.display()
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
