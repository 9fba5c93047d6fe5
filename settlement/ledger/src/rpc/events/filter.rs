//! Which events a client asks for.

use crate::codec::from_base64;
use crate::rpc::RpcError;
use serde::Deserialize;
use stellar_xdr::{ContractEvent, ContractEventBody, ContractEventType, ScVal};

const FILTERS_MAX: usize = 5;
const CONTRACTS_MAX: usize = 5;
const TOPICS_MAX: usize = 5;
const SEGMENTS_MAX: usize = 4;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct Params {
    /// Kinds of events, separated by commas; all if empty.
    #[serde(rename = "type")]
    kinds: Option<String>,
    contract_ids: Option<Vec<String>>,
    topics: Option<Vec<Vec<String>>>,
}

/// One filter: kind, contract and topics must all match.
pub(super) struct Filter {
    kinds: Vec<ContractEventType>,
    contracts: Vec<[u8; 32]>,
    topics: Vec<Topics>,
}

/// Topics from the first on.
struct Topics {
    segments: Vec<Segment>,
    /// Whether more topics may follow.
    open: bool,
}

enum Segment {
    Any,
    Exactly(ScVal),
}

impl Filter {
    pub(super) fn parse_all(filters: Vec<Params>) -> Result<Vec<Self>, RpcError> {
        bounded(filters.len(), FILTERS_MAX, "filters")?;
        filters.into_iter().map(Self::parse).collect()
    }

    /// Whether one of the filters matches, or there is none.
    pub(super) fn any(filters: &[Self], event: &ContractEvent) -> bool {
        filters.is_empty() || filters.iter().any(|filter| filter.matches(event))
    }

    fn parse(params: Params) -> Result<Self, RpcError> {
        let (contracts, topics) = (params.contract_ids.unwrap_or_default(), params.topics.unwrap_or_default());
        bounded(contracts.len(), CONTRACTS_MAX, "contract IDs per filter")?;
        bounded(topics.len(), TOPICS_MAX, "topics per filter")?;
        Ok(Self {
            kinds: kinds(params.kinds.as_deref().unwrap_or(""))?,
            contracts: contracts.iter().map(|contract| contract_id(contract)).collect::<Result<_, _>>()?,
            topics: topics.into_iter().map(Topics::parse).collect::<Result<_, _>>()?,
        })
    }

    fn matches(&self, event: &ContractEvent) -> bool {
        let ContractEventBody::V0(body) = &event.body;
        let contract = event.contract_id.as_ref().map(|id| id.0.0);
        (self.kinds.is_empty() || self.kinds.contains(&event.type_))
            && (self.contracts.is_empty() || contract.is_some_and(|contract| self.contracts.contains(&contract)))
            && (self.topics.is_empty() || self.topics.iter().any(|topics| topics.matches(&body.topics)))
    }
}

impl Topics {
    fn parse(mut segments: Vec<String>) -> Result<Self, RpcError> {
        let open = segments.last().is_some_and(|last| last == "**");
        if open {
            segments.pop();
        }
        if segments.is_empty() && !open || segments.len() > SEGMENTS_MAX {
            let message = format!("a topic filter has 1 to {SEGMENTS_MAX} segments");
            return Err(RpcError::invalid_params(message));
        }
        let segments = segments.iter().map(|segment| match segment.as_str() {
            "*" => Ok(Segment::Any),
            "**" => Err(RpcError::invalid_params("wildcard '**' is only allowed as the last segment")),
            text => from_base64(text)
                .map(Segment::Exactly)
                .map_err(|error| RpcError::invalid_params(format!("invalid topic segment: {error}"))),
        });
        Ok(Self { segments: segments.collect::<Result<_, _>>()?, open })
    }

    fn matches(&self, topics: &[ScVal]) -> bool {
        let length = self.segments.len();
        let fits = if self.open { topics.len() >= length } else { topics.len() == length };
        fits && self.segments.iter().zip(topics).all(|(segment, topic)| match segment {
            Segment::Any => true,
            Segment::Exactly(value) => value == topic,
        })
    }
}

fn kinds(text: &str) -> Result<Vec<ContractEventType>, RpcError> {
    let kinds = text.split(',').filter(|kind| !kind.is_empty());
    kinds
        .map(|kind| match kind {
            "system" => Ok(ContractEventType::System),
            "contract" => Ok(ContractEventType::Contract),
            _ => Err(RpcError::invalid_params("filter type must be system or contract")),
        })
        .collect()
}

fn contract_id(text: &str) -> Result<[u8; 32], RpcError> {
    let contract = stellar_strkey::Contract::from_string(text);
    contract.map(|contract| contract.0).map_err(|_| RpcError::invalid_params("contract ID is not valid"))
}

fn bounded(length: usize, max: usize, what: &str) -> Result<(), RpcError> {
    if length <= max { Ok(()) } else { Err(RpcError::invalid_params(format!("maximum {max} {what}"))) }
}
