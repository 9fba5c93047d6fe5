//! Every code that a client can be answered, with its status, its words and
//! what trying again is worth.

use berth_domain::Code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Malformed;

/// What trying the same again is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Retry {
    /// Nothing: the same request will be answered the same.
    Never,
    /// Something, after a while or after something else has changed.
    After,
    /// It may have been carried out already: look, or repeat it with the same
    /// client id.
    Unknown,
}

/// A code with what belongs to it: one row of `GET /api/v1/errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorInfo {
    /// Stable, in capitals.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What trying again is worth.
    pub retry: Retry,
    /// One line in words.
    pub title: &'static str,
}

macro_rules! edge_codes {
    ($( $(#[$doc:meta])* $variant:ident = $code:literal $status:literal $retry:ident $title:literal ),* $(,)?) => {
        /// Codes of the node's edge; the exchange's own are [`Code`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EdgeCode { $( $(#[$doc])* $variant ),* }

        impl EdgeCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[ $( Self::$variant ),* ];

            /// What belongs to it.
            #[must_use]
            pub const fn info(self) -> ErrorInfo {
                match self {
                    $( Self::$variant => ErrorInfo { code: $code, status: $status, retry: Retry::$retry, title: $title } ),*
                }
            }
        }
    };
}

edge_codes! {
    /// Not what the protocol says.
    Malformed = "MALFORMED" 400 Never "The request is not what the protocol says",
    /// Plain HTTP where the node speaks HTTPS.
    TlsRequired = "TLS_REQUIRED" 400 Never "The port speaks HTTPS",
    /// In the protocol, and not in this version.
    NotOffered = "NOT_OFFERED" 400 Never "This part of the protocol is not offered yet",
    /// Nobody known asks.
    Unauthorized = "UNAUTHORIZED" 401 Never "The request does not say who asks, or not so that it can be believed",
    /// A call that is paid for one by one.
    PaymentRequired = "PAYMENT_REQUIRED" 402 After "The call is to be paid for: PAYMENT-REQUIRED says how",
    /// Not the payment that is asked for.
    PaymentRefused = "PAYMENT_REFUSED" 402 After "The payment is not taken; nothing is paid",
    /// Known, and may not.
    Forbidden = "FORBIDDEN" 403 Never "Who asks may not do this",
    /// Another site's page asks a node in open mode.
    ForbiddenOrigin = "FORBIDDEN_ORIGIN" 403 Never "In open mode only pages of the node itself may ask",
    /// The request was meant for another host.
    ForbiddenHost = "FORBIDDEN_HOST" 403 Never "In open mode the Host must be a loopback name",
    /// Not public while an auction that hides its bids is open.
    Sealed = "SEALED" 403 After "It is sealed until an auction closes; the operator's token reads it",
    /// No such route or thing.
    NotFound = "NOT_FOUND" 404 Never "There is nothing here",
    /// The route exists, not with this method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED" 405 Never "The route does not take this method",
    /// The client was too slow to say what it wants.
    RequestTimeout = "REQUEST_TIMEOUT" 408 After "The request did not arrive in time",
    /// Too late to be of use to who asked.
    DeadlinePassed = "DEADLINE_PASSED" 408 Never "The request's deadline has passed; nothing was done",
    /// The same payment again.
    PaymentTaken = "PAYMENT_TAKEN" 409 Never "The payment was taken before, and is not taken again",
    /// What was asked for is no longer kept.
    Gone = "GONE" 410 Never "What was asked for is no longer kept",
    /// More than the route takes.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE" 413 Never "The request is longer than the route takes",
    /// Another content type than the route takes.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE" 415 Never "The route takes another content type: application/json where it names none",
    /// The chain refuses, and would again.
    ChainRefused = "CHAIN_REFUSED" 422 Never "The chain does not take it; nothing was done",
    /// Over the client's own limit.
    RateLimited = "RATE_LIMITED" 429 After "More requests than this client may send",
    /// More open sockets or subscriptions than one client may have.
    TooManySubscriptions = "TOO_MANY_SUBSCRIPTIONS" 429 After "More subscriptions than one connection may have",
    /// The node has more to do than it can.
    Overloaded = "OVERLOADED" 503 After "The node has more to do than it can; nothing was done",
    /// The node starts or stops.
    Unavailable = "UNAVAILABLE" 503 After "The node cannot serve this now; nothing was done",
    /// The node's disk is nearly full.
    StorageLow = "STORAGE_LOW" 503 After "The node's disk is nearly full: it takes nothing new, and cancels and reads go on",
    /// The chain does not answer.
    ChainUnavailable = "CHAIN_UNAVAILABLE" 503 After "The chain does not answer; nothing was done",
    /// Sent into the log, and its end was not seen.
    OutcomeUnknown = "OUTCOME_UNKNOWN" 503 Unknown "It may have been carried out: look, or repeat it with the same client id",
}

/// What belongs to a refusal of the exchange.
#[must_use]
pub const fn refusal(code: Code) -> ErrorInfo {
    use Retry::{After, Never};
    let (status, retry, title) = match code {
        Code::AlreadyOpened => (409, Never, "The log has begun already"),
        Code::NotTheExchange => (403, Never, "Only the exchange itself may say this"),
        Code::UnknownAccount => (404, Never, "There is no such account"),
        Code::UnknownMarket => (404, Never, "There is no such market"),
        Code::UnknownProvider => (404, Never, "There is no such provider"),
        Code::UnknownOrder => (404, Never, "There is no such order"),
        Code::UnknownBid => (404, Never, "There is no such bid"),
        Code::UnknownLease => (404, Never, "There is no such lease"),
        Code::NotYours => (403, Never, "It belongs to another account"),
        Code::OutOfBounds => (422, Never, "A quantity, duration, price or amount is outside its bounds"),
        Code::NotCanonical => (422, Never, "A list is not sorted or names something twice"),
        Code::InsufficientFunds => (422, After, "The hold is more than the account has available"),
        Code::AmountTooLarge => (422, Never, "The amount is larger than can be counted"),
        Code::TooManyOrders => (422, After, "The account has as many open orders as it may"),
        Code::TooManyBids => (422, After, "The account has as many live bids as it may"),
        Code::TooManyProviders => (422, Never, "The account has as many providers as it may"),
        Code::OrderClosed => (409, Never, "The order is filled, cancelled or expired"),
        Code::BidClosed => (409, Never, "The bid is matched, lost, cancelled or expired"),
        Code::LeaseState => (409, Never, "The lease is not in a state that allows this"),
        Code::BidAboveLimit => (422, Never, "The bid is above the order's limit for the provider's level"),
        Code::LevelNotAccepted => (422, Never, "The order does not accept the provider's trust level"),
        Code::AttributeMissing => (422, Never, "The provider does not offer what the order requires"),
        Code::DoesNotFit => (422, Never, "The provider could never hold one replica"),
        Code::SelfTrade => (422, Never, "Both sides are the same account"),
        Code::ScanLimit => (422, After, "The search for a counterpart skipped more than the exchange allows"),
        Code::NotDirected => (409, Never, "The bid stands in the book; only a directed bid can be accepted"),
        Code::ClientIdReused => (409, Never, "The client id was used before with another content"),
        Code::NoRoom => (409, After, "The provider has no room for one replica now"),
        Code::TimeInPast => (422, Never, "The time lies in the past"),
        Code::SettlementMismatch => (422, Never, "The chain's amounts are not what the exchange computed"),
        Code::UnknownFact => (422, Never, "The chain reports what the exchange does not know of"),
        Code::PostOnlyWouldCross => (422, After, "Post-only, and it would trade at once"),
        Code::BookFull => (422, After, "As many orders and bids rest in the market's book as it may hold"),
        Code::MarketPaused => (409, After, "The market takes no orders and bids now"),
        Code::AuctionOpen => {
            (409, After, "The auction has not closed: until then its terms stand and no bid is accepted")
        }
        Code::NotTheOperator => (403, Never, "Only the operator may say this"),
        Code::TooSoon => (422, Never, "The change would come sooner after its announcement than it may"),
        Code::TopUpPending => (409, After, "A top-up of the lease waits for the chain's answer"),
        Code::MandateExceeded => (422, Never, "The account's mandate does not allow it"),
        Code::SignatureRequired => (403, Never, "Only a signature by the account's key says this"),
        Code::NonceUsed => (409, Never, "The nonce is not above that of the last command which the key signed"),
        Code::SignatureExpired => {
            (422, Never, "The nonce, a time in microseconds, is too far from the exchange's time")
        }
        Code::KeyNotAllowed => (
            403,
            Never,
            "The key may not say this for the account: it is not registered, or over, or has no scope for it",
        ),
        Code::KeyTaken => (409, Never, "The key is an account's own, or registered with another account"),
        Code::TooManyKeys => (422, After, "The account has as many registered keys as it may"),
        Code::UnknownKey => (404, Never, "No such key is registered with the account"),
        Code::BacklogMismatch => (422, Never, "The times fill no unpaid gap between two heartbeats"),
        Code::OrderParked => (409, After, "The order is parked: its funds or its mandate do not allow it now"),
        Code::ProviderUnavailable => (409, After, "The provider takes no leases now"),
        Code::NotAnAuditor => (403, Never, "Only an auditor may attest, and only for others"),
    };
    ErrorInfo { code: code.as_str(), status, retry, title }
}

/// Every code, the exchange's and the edge's.
#[must_use]
pub fn catalogue() -> Vec<ErrorInfo> {
    let edge = EdgeCode::ALL.iter().map(|code| code.info());
    edge.chain(Code::ALL.iter().map(|code| refusal(*code))).collect()
}

/// An error as RFC 9457 says, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// What is wrong this time, in words.
    pub detail: String,
    /// What trying again is worth.
    pub retry: Retry,
    /// For bad input: where, as a JSON path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// A problem of this code.
    #[must_use]
    pub fn new(info: ErrorInfo, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/api/v1/errors#{}", info.code),
            title: info.title.to_owned(),
            status: info.status,
            code: info.code.to_owned(),
            detail: detail.into(),
            retry: info.retry,
            field: None,
        }
    }

    /// The same, about one field.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl From<EdgeCode> for Problem {
    fn from(code: EdgeCode) -> Self {
        Self::new(code.info(), code.info().title)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(refusal(code), refusal(code).title)
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Self {
        let problem = Self::new(malformed.code.info(), malformed.to_string());
        if malformed.field.is_empty() {
            Self { detail: format!("the body {}", malformed.detail), ..problem }
        } else {
            problem.at(malformed.field)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_with_a_status_of_the_client_or_a_503() {
        let all = catalogue();
        assert_eq!(all.len(), EdgeCode::ALL.len() + Code::ALL.len());
        for (i, info) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|other| other.code != info.code), "{} twice", info.code);
            assert!((400..500).contains(&info.status) || info.status == 503, "{info:?}");
            assert!(!info.title.ends_with('.') && info.code == info.code.to_uppercase(), "{info:?}");
        }
    }

    #[test]
    fn a_problem_names_its_field() {
        let problem = Problem::from(Malformed::new("maxPrice", "is negative"));
        assert_eq!(
            serde_json::to_value(problem).expect("plain data"),
            serde_json::json!({
                "type": "/api/v1/errors#MALFORMED", "title": "The request is not what the protocol says",
                "status": 400, "code": "MALFORMED", "detail": "maxPrice: is negative", "retry": "never",
                "field": "maxPrice",
            })
        );
    }
}
