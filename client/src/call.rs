//! What a session is asked to do, and what came of it.

use std::borrow::Cow;
use std::time::Duration;

use berth_wire::domain::Command;
use berth_wire::frame::RateState;
use berth_wire::request::MassQuoteRequest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::error::ClientError;
use crate::limiter::Lane;

/// How long a call waits for its answer when it does not say.
const DEADLINE: Duration = Duration::from_secs(15);

/// A call and how it is to be treated.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Cow<'static, str>,
    /// How long to wait for the answer, connecting included.
    pub deadline: Duration,
    /// Whether doing it twice is as good as doing it once. Such a call is sent
    /// again after a disconnect, until the deadline.
    pub idempotent: bool,
    /// Its parameters: JSON, written once.
    pub(crate) params: String,
    /// What is signed when it is sent; method and parameters follow from it.
    pub(crate) command: Option<Box<Command>>,
    /// Where it waits when the node has had too much.
    pub(crate) lane: Lane,
    /// Tokens that it takes.
    pub(crate) cost: u32,
}

impl Call {
    /// A call that is sent once, with 15 seconds for its answer.
    #[must_use]
    pub fn new(method: impl Into<Cow<'static, str>>, params: Value) -> Self {
        Self::with(method, &params)
    }

    /// The same, with parameters of a type.
    #[must_use]
    pub fn with(method: impl Into<Cow<'static, str>>, params: &(impl Serialize + ?Sized)) -> Self {
        let params = serde_json::to_string(params).expect("requests are plain data");
        let method = method.into();
        let lane = Lane::of_method(&method);
        Self { method, params, deadline: DEADLINE, idempotent: false, command: None, lane, cost: 1 }
    }

    /// The same, of a thing that REST names in its path.
    pub(crate) fn of(method: &'static str, name: &str, id: u64, params: &impl Serialize) -> Self {
        let mut call = Self::with(method, params);
        // The parameters are an object: its first field is the id.
        let rest = call.params.strip_prefix('{').expect("requests are objects");
        let comma = if rest == "}" { "" } else { "," };
        call.params = format!("{{\"{name}\":{id}{comma}{rest}");
        call
    }

    /// A mass quote. It costs a token for each quote; one that takes all back
    /// goes before all others, as a cancel does.
    #[must_use]
    pub fn mass_quote(request: &MassQuoteRequest) -> Self {
        let (lane, cost) = Lane::of_quotes(request.quotes.iter().map(|quote| quote.quantity));
        Self { lane, cost, ..Self::with("bid.mass", request) }
    }

    /// A command for a session with a key. It is signed when it is sent, so that
    /// commands stand in the log in the order of their signatures, and anew when
    /// it is sent again.
    #[must_use]
    pub fn signed(command: impl Into<Command>) -> Self {
        let command = Box::new(command.into());
        let (lane, cost) = Lane::of_command(&command);
        Self { command: Some(command), lane, cost, ..Self::new("command.submit", Value::Null) }
    }

    /// The same, sent again after a disconnect.
    #[must_use]
    pub fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }

    /// The same, with another deadline.
    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Whether it ends all that its account has placed: what waits before it is
    /// then not sent any more.
    pub(crate) fn is_cancel_all(&self) -> bool {
        match &self.command {
            Some(command) => matches!(**command, Command::CancelAll(_)),
            None => self.method == "cancel.all",
        }
    }
}

/// An answer. Its result is read when it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// For commands: their place in the log.
    pub seq: Option<u64>,
    /// For commands: what is left of the tokens that it took from.
    pub limits: Option<RateState>,
    /// The frame.
    pub(crate) text: Utf8Bytes,
}

impl Reply {
    /// The result.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] when it is no such thing.
    pub fn result<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        #[derive(Deserialize)]
        struct Frame<T> {
            result: T,
        }
        let frame: Result<Frame<T>, _> = serde_json::from_str(&self.text);
        frame.map(|frame| frame.result).map_err(|why| ClientError::Protocol(why.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use berth_wire::request::CancelRequest;

    use super::*;

    #[test]
    fn what_rest_has_in_its_path_is_a_parameter() {
        let call = Call::of("bid.cancel", "bidId", 7, &CancelRequest::default());
        assert_eq!((&*call.method, &*call.params, call.lane), ("bid.cancel", r#"{"bidId":7}"#, Lane::Ends));
        let cancel = CancelRequest { address: berth_wire::address::Name::new("me").ok() };
        assert_eq!(Call::of("bid.cancel", "bidId", 7, &cancel).params, r#"{"bidId":7,"address":"me"}"#);
    }

    #[test]
    fn a_result_is_read_as_what_is_wanted() {
        let text = r#"{"id":1,"ok":true,"seq":4,"result":{"a":[1,2]},"limits":{"limit":1,"remaining":1,"resetMs":0}}"#;
        let reply = Reply { seq: Some(4), limits: None, text: text.into() };
        assert_eq!(reply.result::<Value>(), Ok(serde_json::json!({ "a": [1, 2] })));
        assert!(matches!(reply.result::<u64>(), Err(ClientError::Protocol(_))));
    }
}
