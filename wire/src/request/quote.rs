//! Mass quotes: all bids of a set replaced at once.

use berth_domain::{MarketId, MassQuote, ProviderId, Quote, Rate, ResourceClass, Seconds, SelfTrade, Stroops};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StandingBid;
use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::price::Per;
use crate::scalar::{WHOLE_MAX, in_text, in_text_option, is_false, whole, whole_option};

/// Quotes that one request may name; an exchange may allow fewer.
const QUOTES_MAX: usize = 1_000;

/// `POST /bids/mass-quote` and `bid.mass`: ends every live bid of the set and
/// places these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct MassQuoteRequest {
    /// Who quotes; in open mode the owner of the first quote's host when left
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// The account's own number for the set.
    #[serde(deserialize_with = "whole::<0, 4_294_967_295, _, _>")]
    #[schema(minimum = 0, maximum = 4294967295_u64)]
    pub quote_set_id: u32,
    /// The time that the prices are for.
    #[serde(default)]
    pub per: Per,
    /// Refused whole where a quote would take what rests.
    #[serde(default, skip_serializing_if = "is_false")]
    pub post_only: bool,
    /// What happens where a quote would trade with an order of its own account.
    #[serde(default, with = "in_text")]
    #[schema(value_type = crate::schema::SelfTradeWord)]
    pub self_trade: SelfTrade,
    /// The quotes, at most 1,000, in the order in which they enter.
    pub quotes: Vec<QuoteRequest>,
}

/// One quote of a mass quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct QuoteRequest {
    /// The host.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub provider_id: u32,
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// The lowest price of a unit; a quote of quantity 0 needs none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub price: Option<Stroops>,
    /// Units offered; 0 places nothing, and the set's old bids end.
    #[serde(deserialize_with = "whole::<0, 4_294_967_295, _, _>")]
    #[schema(minimum = 0, maximum = 4294967295_u64)]
    pub quantity: u32,
    /// The shortest lease that it takes, in seconds; one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub min_duration: Option<u64>,
    /// The longest lease that it takes, in seconds; [`StandingBid::DURATION_MAX`]
    /// when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub max_duration: Option<u64>,
}

objects!(MassQuoteRequest, QuoteRequest);

/// A mass quote to be placed. Quotes of quantity 0 are left out: what they say,
/// the set says by not naming them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMassQuote {
    /// The account's own number for the set.
    pub set: u32,
    /// Refused whole where a quote would take what rests.
    pub post_only: bool,
    /// What happens where a quote would trade with an order of its own account.
    pub self_trade: SelfTrade,
    /// The host that the request names first, whatever the quantity.
    pub first: Option<ProviderId>,
    /// The quotes.
    pub quotes: Vec<NewQuote>,
}

/// One quote of it; the market is named by class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuote {
    /// Its place in the request.
    pub index: usize,
    /// The host.
    pub provider: ProviderId,
    /// The market.
    pub class: ResourceClass,
    /// The lowest price.
    pub price: Rate,
    /// Units offered, from 1.
    pub quantity: u32,
    /// The shortest lease that it takes.
    pub min_duration: Seconds,
    /// The longest lease that it takes.
    pub max_duration: Seconds,
}

impl MassQuoteRequest {
    /// Who says it, if the request does, and what the exchange takes.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<(Option<Name>, NewMassQuote), Malformed> {
        if self.quotes.len() > QUOTES_MAX {
            return Err(Malformed::new("quotes", format!("has more than {QUOTES_MAX} entries")));
        }
        let first = self.quotes.first().map(|quote| ProviderId(quote.provider_id));
        let per = self.per;
        let quotes = self.quotes.into_iter().enumerate().filter(|(_, quote)| quote.quantity > 0);
        let quotes = quotes
            .map(|(i, quote)| quote.parse(i, per).map_err(|malformed| malformed.within(&format!("quotes[{i}]"))))
            .collect::<Result<Vec<_>, _>>()?;
        let set = self.quote_set_id;
        Ok((self.address, NewMassQuote { set, post_only: self.post_only, self_trade: self.self_trade, first, quotes }))
    }
}

impl QuoteRequest {
    fn parse(self, index: usize, per: Per) -> Result<NewQuote, Malformed> {
        let price = self.price.ok_or_else(|| Malformed::new("price", "is missing"))?;
        let min_duration = Seconds(self.min_duration.unwrap_or(1));
        let max_duration = Seconds(self.max_duration.unwrap_or(StandingBid::DURATION_MAX));
        if min_duration > max_duration {
            return Err(Malformed::new("minDuration", format!("is more than maxDuration, {max_duration}")));
        }
        Ok(NewQuote {
            index,
            provider: ProviderId(self.provider_id),
            class: self.market,
            price: per.rate(price, "price")?,
            quantity: self.quantity,
            min_duration,
            max_duration,
        })
    }
}

impl NewMassQuote {
    /// What the exchange is told; `market` gives the market of a class. The
    /// bids belong to no session.
    ///
    /// # Errors
    /// The field of a quote whose market does not exist.
    pub fn command(&self, market: impl Fn(&ResourceClass) -> Option<MarketId>) -> Result<MassQuote, String> {
        let quote = |quote: &NewQuote| -> Result<Quote, String> {
            let market = market(&quote.class).ok_or_else(|| format!("quotes[{}].market", quote.index))?;
            let NewQuote { provider, price, quantity, min_duration, max_duration, .. } = *quote;
            Ok(Quote { provider, market, price, quantity, min_duration, max_duration })
        };
        let quotes = self.quotes.iter().map(quote).collect::<Result<_, _>>()?;
        let Self { set, post_only, self_trade, .. } = *self;
        Ok(MassQuote { set, post_only, self_trade, session: None, quotes })
    }
}
