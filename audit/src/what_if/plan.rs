//! What the extra account would have said: a file of JSON lines.

use std::collections::VecDeque;

use berth_domain::{
    AccountId, Address, CancelAll, CancelBid, CancelOrder, ClientId, Command, Digest, Micros, ProviderId, Stroops,
};
use berth_exchange::Exchange;
use berth_wire::address::{Name, open_address};
use berth_wire::json::{Malformed, parse};
use berth_wire::request::{NewBid, NewOrder, NewProvider, OrderRequest, ProviderRequest, StandingBid};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::extra::{Extra, Speech};

/// The extra account and its commands, in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its key.
    pub account: Address,
    /// What it begins with.
    pub funds: Stroops,
    commands: VecDeque<Planned>,
}

/// A command of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Planned {
    /// The line that it stands on, from 1.
    line: usize,
    at: Micros,
    said: Said,
}

/// What is said; things of its own by its own ids for them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Register(Box<NewProvider>),
    Order(Box<NewOrder>),
    /// `host` is the place of the provider among its own, from 1.
    Bid {
        bid: Box<NewBid>,
        host: u32,
    },
    Cancel(ClientId),
    CancelAll,
}

/// A line that is none of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {fault}")]
pub struct PlanError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: Malformed,
}

/// The first line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head {
    address: Name,
    funds: String,
}

/// Every other line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    at: u64,
    method: String,
    #[serde(default)]
    params: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cancelled {
    client_order_id: String,
}

impl Plan {
    /// Reads a plan. The first line is `{"address", "funds"}`; each other is
    /// `{"at", "method", "params"}`, with `at` in microseconds since 1970 and the
    /// method one of `provider.register`, `order.place`, `bid.place` (a standing
    /// bid; `providerId` counts the account's own hosts from 1), `cancel`
    /// (`clientOrderId`) and `cancel.all`, with the API's parameters.
    ///
    /// # Errors
    /// The first line that is none, and its field.
    pub fn read(text: &str) -> Result<Self, PlanError> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let at = |line: usize| move |fault: Malformed| PlanError { line: line + 1, fault };
        let none = || PlanError { line: 1, fault: Malformed::new("", "is empty") };
        let (number, head) = lines.next().ok_or_else(none)?;
        let head: Head = parse(head.as_bytes()).map_err(at(number))?;
        let funds = head.funds.parse().map_err(|_| at(number)(Malformed::new("funds", "is not an amount")))?;
        // As in open mode, any name stands for a key.
        let account = head.address.key().unwrap_or_else(|| open_address(&head.address).address);
        let commands = lines.map(|(number, line)| Planned::read(number + 1, line).map_err(at(number)));
        let mut commands = commands.collect::<Result<Vec<_>, _>>()?;
        commands.sort_by_key(|planned| (planned.at, planned.line));
        Ok(Self { account, funds, commands: commands.into() })
    }
}

impl Extra for Plan {
    fn address(&self) -> Address {
        self.account
    }

    fn funds(&self) -> Stroops {
        self.funds
    }

    fn next(&self) -> Option<Micros> {
        self.commands.front().map(|planned| planned.at)
    }

    fn say(&mut self, x: &Exchange, account: AccountId, at: Micros) -> Option<Speech> {
        let planned = self.commands.pop_front()?;
        Some(Speech { label: planned.line.to_string(), said: planned.said.command(x, account, at) })
    }

    fn unsaid(&self, end: Micros) -> Vec<String> {
        let beyond = self.commands.iter();
        let words = |planned: &Planned| {
            format!("{}: its time is {}, and the log ends at {}", planned.line, planned.at.0, end.0)
        };
        beyond.map(words).collect()
    }
}

impl Planned {
    fn read(line: usize, text: &str) -> Result<Self, Malformed> {
        let Line { at, method, params } = parse(text.as_bytes())?;
        let params = params.to_string();
        let params = params.as_bytes();
        let within = |fault: Malformed| fault.within("params");
        let said = match method.as_str() {
            "provider.register" => {
                Said::Register(Box::new(parse::<ProviderRequest>(params).and_then(|it| it.parse()).map_err(within)?))
            }
            "order.place" => {
                Said::Order(Box::new(parse::<OrderRequest>(params).and_then(|it| it.parse()).map_err(within)?))
            }
            "bid.place" => {
                let bid = parse::<StandingBid>(params).and_then(|it| it.parse()).map_err(within)?;
                Said::Bid { host: bid.provider.0, bid: Box::new(bid) }
            }
            "cancel" => {
                let Cancelled { client_order_id } = parse(params).map_err(within)?;
                let id = ClientId::new(&client_order_id);
                Said::Cancel(id.map_err(|why| Malformed::new("params.clientOrderId", why.to_string()))?)
            }
            "cancel.all" => Said::CancelAll,
            _ => return Err(Malformed::new("method", "is none of a plan's")),
        };
        Ok(Self { line, at: Micros(at), said })
    }
}

impl Said {
    /// What the exchange is told; why nothing, when the thing is not there.
    fn command(&self, x: &Exchange, account: AccountId, at: Micros) -> Result<Command, String> {
        let market = |class: &berth_domain::ResourceClass| x.market_of(class).map(|market| market.id);
        match self {
            Self::Register(new) => Ok(new.command.clone().into()),
            Self::Order(new) => {
                let market = market(&new.class).ok_or_else(|| format!("there is no market {}", new.class))?;
                Ok(new.command(market, Digest::default(), at).into())
            }
            Self::Bid { bid, host } => {
                let mut own = x.providers().filter(|provider| provider.account == account);
                let own = own.nth((*host as usize).wrapping_sub(1)).map(|provider| provider.id);
                let provider: ProviderId = own.ok_or_else(|| format!("it has no host {host}"))?;
                let place = bid.command(market).map_err(|class| format!("there is no market {class}"))?;
                Ok(berth_domain::PlaceBid { provider, ..place }.into())
            }
            Self::Cancel(id) => {
                let order = x.orders().rfind(|it| it.account == account && it.client_id == Some(*id));
                let bid = x.bids().rfind(|it| it.account == account && it.client_id == Some(*id));
                match (order, bid) {
                    (Some(order), _) => Ok(CancelOrder { order: order.id }.into()),
                    (None, Some(bid)) => Ok(CancelBid { bid: bid.id }.into()),
                    (None, None) => Err(format!("nothing of it has the id {id}")),
                }
            }
            Self::CancelAll => Ok(CancelAll { market: None, session: None }.into()),
        }
    }
}
