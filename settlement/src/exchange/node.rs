//! A node of the exchange, over its own protocol.

use berth_client::{Client, ClientError, EventStream, Session};
use berth_wire::domain::Code;
use berth_wire::request::Fact;

use super::{EVENT_TYPES, Events, Exchange, ExchangeError, Frame, read_frame};
use crate::chain::Address;

/// A node, and the connection over which facts are reported to it. The client
/// needs the operator's token.
pub struct Node {
    client: Client,
    session: Session,
    token: Address,
}

/// The events of a node.
pub struct NodeEvents {
    stream: EventStream,
    token: Address,
}

impl Node {
    /// The node that `client` talks to, whose asset is `token` on the chain.
    #[must_use]
    pub fn new(client: Client, token: Address) -> Self {
        let session = client.session();
        Self { client, session, token }
    }
}

impl Exchange for Node {
    type Events = NodeEvents;

    async fn log_id(&self) -> Result<String, ExchangeError> {
        Ok(self.client.health().await.map_err(error)?.log_id)
    }

    fn events(&self, from: u64) -> NodeEvents {
        let stream = self.client.events(from, EVENT_TYPES.map(str::to_owned).to_vec());
        NodeEvents { stream, token: self.token }
    }

    async fn report(&self, fact: &Fact) -> Result<(), ExchangeError> {
        self.session.report(fact).await.map(|_| ()).map_err(error)
    }
}

impl Events for NodeEvents {
    async fn next(&mut self) -> Result<Frame, ExchangeError> {
        read_frame(&self.stream.next().await.map_err(error)?, self.token)
    }
}

fn error(error: ClientError) -> ExchangeError {
    match error {
        ClientError::Refused { code, detail, .. } => match Code::from_name(&code) {
            Some(code) => ExchangeError::Refused { code, detail },
            // The node's edge: a missing token, too many requests. The exchange
            // has not seen the fact, so it is still owed.
            None => ExchangeError::Unreachable(format!("{code}: {detail}")),
        },
        ClientError::Protocol(what) => ExchangeError::Malformed(what),
        ClientError::CursorExpired { .. } | ClientError::FutureCursor { .. } | ClientError::EpochChanged { .. } => {
            ExchangeError::OtherLog(error.to_string())
        }
        ClientError::Url(_) | ClientError::Transport(_) | ClientError::Unknown(_) | ClientError::Overtaken => {
            ExchangeError::Unreachable(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use berth_wire::errors::Retry;

    use super::*;

    #[test]
    fn only_the_exchange_itself_refuses_a_fact() {
        let refused = |code: &str| {
            let (code, detail) = (code.to_owned(), String::new());
            error(ClientError::Refused { code, detail, retry: Retry::Never, field: None, status: None })
        };
        let by_exchange = refused("UNKNOWN_LEASE");
        assert!(matches!(by_exchange, ExchangeError::Refused { code: Code::UnknownLease, .. }), "{by_exchange:?}");
        for edge in ["UNAUTHORIZED", "FORBIDDEN", "MALFORMED"] {
            assert!(matches!(refused(edge), ExchangeError::Unreachable(_)), "{edge}");
        }
    }

    #[test]
    fn another_log_is_told_from_an_outage() {
        assert!(matches!(error(ClientError::FutureCursor { seq: 3 }), ExchangeError::OtherLog(_)));
        assert!(matches!(error(ClientError::Transport(String::new())), ExchangeError::Unreachable(_)));
    }
}
