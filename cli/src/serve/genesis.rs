//! The first entry of a new log, and whether a log that goes on belongs here.

use berth_domain::{
    Bounds, Digest, FeeBps, Genesis, Grant, ResourceClass, Seconds, Text, Timing, TrustLevel, TrustRules,
};
use berth_settlement::chain::{Address, Signer};
use berth_settlement::contract::Escrow;

use crate::fault::{Fault, While};

/// Markets that are open from the start; others open with the first host that
/// has such GPUs.
const MARKETS: [&str; 4] = ["CPU", "H100-80", "A100-80", "RTX4090-24"];

/// Reads `G…=Five`.
pub(crate) fn parse_grant(text: &str) -> Result<(berth_domain::Address, TrustLevel), String> {
    let (address, level) = text.split_once('=').ok_or("is not ADDRESS=LEVEL")?;
    let address = parse_account(address)?;
    let level = TrustLevel::from_name(level).ok_or_else(|| format!("{level} is not a trust level, One to Five"))?;
    Ok((address, level))
}

/// Reads `G…`.
pub(crate) fn parse_account(text: &str) -> Result<berth_domain::Address, String> {
    match text.parse::<Address>() {
        Ok(Address::Account(key)) => Ok(berth_domain::Address(key)),
        _ => Err(format!("{text} is not a Stellar account (G…)")),
    }
}

/// The genesis of a new log, with what the contract was deployed with.
pub(crate) async fn build(
    escrow: &Escrow,
    operator: &Signer,
    open: bool,
    grants: &[(berth_domain::Address, TrustLevel)],
    auditors: &[berth_domain::Address],
) -> Result<Genesis, Fault> {
    let deployed = escrow.config().await.or_fault(&format!("asking the escrow contract {}", escrow.id()))?;
    if deployed.operator != operator.address() {
        return Err(Fault::CouldNotRun(format!(
            "the contract {} is operated by {}, and the operator's key here is that of {}",
            escrow.id(),
            deployed.operator,
            operator.address()
        )));
    }
    let fee = u16::try_from(deployed.fee_bps).ok().and_then(FeeBps::new);
    let classes: Result<Vec<ResourceClass>, _> = MARKETS.iter().map(|name| name.parse()).collect();
    let mut timing = Timing::default();
    if open {
        // Whoever tries Berth out watches pay accrue.
        timing.heartbeat_interval = Seconds(2);
    }
    Ok(Genesis {
        network: Digest(escrow.rpc().network().id()),
        escrow_contract: Digest(raw(escrow.id())),
        asset: Text::new("XLM").or_fault("naming the asset")?,
        operator: berth_domain::Address(raw(operator.address())),
        treasury: berth_domain::Address(raw(deployed.treasury)),
        fee: fee.ok_or_else(|| Fault::CouldNotRun("the contract's fee is more than all of the pay".into()))?,
        default_level: if open { TrustLevel::Five } else { TrustLevel::One },
        grants: grants.iter().map(|(address, level)| Grant { address: *address, level: *level }).collect(),
        markets: classes.or_fault("naming the markets")?,
        open_markets: open,
        timing,
        bounds: Bounds::default(),
        trust: TrustRules::default(),
        auditors: auditors.to_vec(),
    })
}

/// A log is bound to its network and contract for ever.
pub(crate) fn check(genesis: Genesis, network: [u8; 32], contract: Option<Address>) -> Result<Genesis, Fault> {
    if genesis.network.0 != network {
        return Err(Fault::CouldNotRun("this log settles on another network than --rpc serves".into()));
    }
    match contract {
        Some(contract) if raw(contract) != genesis.escrow_contract.0 => {
            Err(Fault::CouldNotRun("this log settles in another contract than --contract names".into()))
        }
        _ => Ok(genesis),
    }
}

const fn raw(address: Address) -> [u8; 32] {
    match address {
        Address::Account(bytes) | Address::Contract(bytes) => bytes,
    }
}
