//! Schemas of values whose JSON is not what their Rust type says: amounts, keys
//! and words as texts. `utoipa` takes them for `/openapi.json`.

use std::borrow::Cow;

use berth_domain::{
    BidState, CancelReason, CloseReason, FinishOutcome, LeaseState, Mode, OrderState, Scope, SelfTrade, TimeInForce,
    TrustLevel,
};
use serde_json::json;
use utoipa::openapi::schema::{ArrayBuilder, ArrayItems, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::address::Name;
use crate::book::BookRow;
use crate::price::MaxPrice;

/// A text of a certain form.
fn text(pattern: &str, words: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .description(Some(words))
        .examples([json!(example)])
        .into()
}

/// One of some words.
fn word(words: Vec<&'static str>, what: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(what)).into()
}

/// How many results are compared.
fn replicas() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([3, 5, 7]))
}

/// A whole number from zero.
fn count() -> Schema {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build().into()
}

/// A schema that is written out where it is used.
fn inline(schema: RefOr<Schema>) -> Schema {
    match schema {
        RefOr::T(schema) => schema,
        RefOr::Ref(_) => unreachable!("the schemas of texts are no references"),
    }
}

macro_rules! schemas {
    ($( $(#[$doc:meta])* $name:ident as $shown:literal = $schema:expr; )*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                $shown.into()
            }
        }
    )*};
}

macro_rules! words {
    ($of:ty) => {
        <$of>::ALL.iter().map(|one| one.as_str()).collect()
    };
}

schemas! {
    /// Money and rates.
    Decimal as "Decimal" = text(
        r"^[0-9]{1,12}(\.[0-9]{1,7})?$",
        "Money or a rate in units of the asset, with at most seven decimals.",
        "2.5",
    );
    /// Hashes.
    Hex32 as "Hash" = text("^[0-9a-fA-F]{64}$", "32 bytes as hexadecimal digits.", &"ab".repeat(32));
    /// Keys.
    AccountKey as "Address" =
        text("^G[A-Z2-7]{55}$", "A Stellar public key.", "GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7");
    /// Markets.
    MarketName as "MarketName" = text(
        "^[A-Za-z0-9][A-Za-z0-9-]{0,40}$",
        "A market: model and vram in GiB, or CPU.",
        "H100-80",
    );
    /// Clients' own ids.
    ClientIdText as "ClientId" =
        text("^[!-~]{1,36}$", "The client's own id: a repeat answers the first outcome.", "t-1");
    /// Events of the chain.
    ChainEventText as "ChainEventId" =
        text("^[0-9]{1,20}-[0-9]{1,10}$", "The id of an event on the chain.", "0000000017179873280-0000000001");
    /// Shares of time.
    Share as "Share" = ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(0.0))
        .maximum(Some(1.0))
        .description(Some("A share of time, exact to a hundredth of a percent."))
        .into();
    /// How results are checked.
    VerifySpec as "Verify" = OneOfBuilder::new()
        .item(word(vec!["none", "spot"], "Not, or a tenth of the leases run again elsewhere."))
        .item(ObjectBuilder::new().property("replicas", replicas()).required("replicas"))
        .into();
    /// Trust levels.
    LevelWord as "TrustLevel" = word(words!(TrustLevel), "A trust level.");
    /// Times in force.
    TimeInForceWord as "TimeInForce" = word(words!(TimeInForce), "How long it stays.");
    /// Trades with oneself.
    SelfTradeWord as "SelfTrade" = word(words!(SelfTrade), "What ends where both sides are one account.");
    /// Modes.
    ModeWord as "Mode" = word(words!(Mode), "How an order meets bids.");
    /// Lives of orders.
    OrderStateWord as "OrderState" = word(words!(OrderState), "Where an order is in its life.");
    /// Lives of bids.
    BidStateWord as "BidState" = word(words!(BidState), "Where a bid is in its life.");
    /// Lives of leases.
    LeaseStateWord as "LeaseState" = word(words!(LeaseState), "Where a lease is in its life.");
    /// Ends of orders.
    CancelReasonWord as "CancelReason" = word(words!(CancelReason), "Why what is left of an order ended.");
    /// Ends of leases.
    CloseReasonWord as "CloseReason" = word(words!(CloseReason), "Why a lease closed.");
    /// What keys may do.
    ScopeWord as "Scope" = word(words!(Scope), "What a key may do for its account.");
    /// Ends of containers.
    FinishOutcomeWord as "FinishOutcome" = word(words!(FinishOutcome), "How containers ended.");
}

macro_rules! schemas_of {
    ($( $name:ty as $shown:literal = $schema:expr; )*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                $shown.into()
            }
        }
    )*};
}

schemas_of! {
    Name as "Name" = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(128))
        .description(Some("A Stellar public key, G…; with --open any name."))
        .examples([json!("tenant")])
        .into();
    MaxPrice as "MaxPrice" = {
        let by_level = TrustLevel::ALL
            .iter()
            .fold(ObjectBuilder::new(), |object, level| object.property(level.as_str(), Decimal::schema()));
        OneOfBuilder::new()
            .item(Decimal::schema())
            .item(by_level)
            .description(Some("One limit for all accepted levels, or one for each."))
            .into()
    };
    BookRow as "BookRow" = {
        let row = [inline(LevelWord::schema()), inline(Decimal::schema()), count(), count()];
        let words = "[level, price of a unit-hour, units, bids or orders]; zero units remove the row.";
        let array = ArrayBuilder::new().prefix_items(row).items(ArrayItems::False).min_items(Some(4)).max_items(Some(4));
        array.description(Some(words)).into()
    };
}
