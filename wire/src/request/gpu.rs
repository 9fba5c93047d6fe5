//! GPUs at a fixed price: listing one, changing it, renting it.

use std::collections::BTreeMap;

use berth_domain::{
    BidId, BidTarget, ClientId, MarketId, PlaceBid, ProviderId, Rate, RegisterProvider, ResourceClass, Seconds,
    SelfTrade, Stroops, TimeInForce, TrustLevel,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::provider::{Agent, GpuRequest, ProviderRequest, ResourcesRequest};
use super::specification::{GpuSpecification, PortSpecification, Specification};
use super::{NewProvider, OrderRequest};
use crate::address::Name;
use crate::json::{Malformed, objects, unique_map};
use crate::price::{MaxPrice, Per};
use crate::scalar::{WHOLE_MAX, in_text_option, whole, whole_option};

/// Where a host is that names no place: on the node's own machine.
const HOSTNAME: &str = "localhost";
/// The port of a host that names none.
const PORT: u16 = 8_080;
/// What a rental runs that names no image: nothing, until it ends.
const IDLE_IMAGE: &str = "ubuntu:24.04";
const IDLE_COMMAND: [&str; 2] = ["sleep", "infinity"];
/// How long a rental lasts that does not say.
const RENTAL_SECONDS: u64 = 3_600;

/// `POST /gpus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuListing {
    /// Whose it is; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "address")]
    pub owner_address: Option<Name>,
    /// Product name, such as `NVIDIA H100 80GB HBM3` or `H100`.
    pub model: String,
    /// Memory in GiB.
    #[serde(deserialize_with = "whole::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub vram: u16,
    /// Its price; either this or `price_per_minute`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub price_per_hour: Option<Stroops>,
    /// Its price by the minute.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub price_per_minute: Option<Stroops>,
    /// Virtual CPUs that go with it.
    #[serde(default = "one", deserialize_with = "whole::<1, 65_536, _, _>")]
    #[schema(minimum = 1, maximum = 65536)]
    pub cpu: u32,
    /// Memory in MiB that goes with it.
    #[serde(default = "gibibyte", deserialize_with = "whole::<1, 1_073_741_824, _, _>")]
    #[schema(minimum = 1, maximum = 1073741824)]
    pub memory: u64,
    /// Disk in GiB that goes with it.
    #[serde(default, deserialize_with = "whole::<0, 1_073_741_824, _, _>")]
    #[schema(minimum = 0, maximum = 1073741824)]
    pub storage: u64,
    /// Where its host is reached; the node's own machine when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The port there.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub port: Option<u16>,
    /// What its host offers, such as `region`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub attributes: BTreeMap<String, String>,
    /// Who serves its rentals.
    #[serde(default)]
    pub agent: Agent,
    /// The shortest rental, in seconds.
    #[serde(default, deserialize_with = "whole::<0, WHOLE_MAX, _, _>")]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    pub min_duration: u64,
    /// The longest rental, in seconds; as long as the exchange allows when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub max_duration: Option<u64>,
    /// How often it can be rented, one time after the other.
    #[serde(default = "rentals", deserialize_with = "whole::<1, 1_000_000, _, _>")]
    #[schema(minimum = 1, maximum = 1000000)]
    pub rentals: u32,
    /// The owner's own id for its host; a repeat answers the first listing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
}

/// `PATCH /gpus/{id}`. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct AmendGpuRequest {
    /// Whose it is; the owner when left out in open mode.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "address")]
    pub owner_address: Option<Name>,
    /// The new price; either this or `price_per_minute`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub price_per_hour: Option<Stroops>,
    /// The new price by the minute.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub price_per_minute: Option<Stroops>,
    /// Whether its host takes leases. One that runs goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
}

/// `POST /gpus/{id}/rent`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct RentRequest {
    /// Who pays; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "tenantAddress", alias = "address")]
    pub renter_address: Option<Name>,
    /// How long, in seconds; an hour when neither this nor `duration_blocks` says.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "duration",
        deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>"
    )]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub duration_seconds: Option<u64>,
    /// How long, in blocks of five seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub duration_blocks: Option<u64>,
    /// What hold and escrow cover, in seconds; the duration when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub prepay_seconds: Option<u64>,
    /// What to run; without one it is `ubuntu:24.04` with `sleep infinity`, which
    /// only holds the GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Arguments in place of the image's own, at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Environment variables, at most 100.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub env: BTreeMap<String, String>,
    /// Ports to publish, at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortSpecification>,
    /// Virtual CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, 65_536, _, _>")]
    #[schema(minimum = 1, maximum = 65536)]
    pub cpu: Option<u32>,
    /// Memory in MiB.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole_option::<1, 1_073_741_824, _, _>"
    )]
    #[schema(minimum = 1, maximum = 1073741824)]
    pub memory: Option<u64>,
    /// Disk in GiB.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole_option::<0, 1_073_741_824, _, _>"
    )]
    #[schema(minimum = 0, maximum = 1073741824)]
    pub storage: Option<u64>,
    /// The highest price per hour; what it is listed at when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub max_price_per_hour: Option<Stroops>,
    /// The renter's own id for the order.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
}

objects!(GpuListing, AmendGpuRequest, RentRequest);

const fn one() -> u32 {
    1
}

const fn gibibyte() -> u64 {
    1_024
}

const fn rentals() -> u32 {
    1_000
}

/// A GPU to be listed: its host, and what is bid for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewListing {
    /// Its host, with this GPU alone.
    pub host: NewProvider,
    /// Its class.
    pub class: ResourceClass,
    /// Its price.
    pub price: Rate,
    /// The shortest rental.
    pub min_duration: Seconds,
    /// The longest rental.
    pub max_duration: Seconds,
    /// How often it can be rented.
    pub rentals: u32,
}

impl GpuListing {
    /// What the exchange takes.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<NewListing, Malformed> {
        let price = price(self.price_per_hour, self.price_per_minute)?;
        let price = price.ok_or_else(|| Malformed::new("pricePerHour", "is missing, and so is pricePerMinute"))?;
        let class =
            ResourceClass::gpu(&self.model, self.vram).map_err(|why| Malformed::new("model", why.to_string()))?;
        let max_duration = self.max_duration.unwrap_or(WHOLE_MAX);
        if self.min_duration > max_duration {
            return Err(Malformed::new("minDuration", format!("is more than maxDuration, {max_duration}")));
        }
        let host = ProviderRequest {
            address: self.owner_address,
            resources: ResourcesRequest {
                cpu: self.cpu,
                memory: self.memory,
                storage: self.storage,
                bandwidth: 0,
                gpus: vec![GpuRequest { model: self.model, vram: self.vram, count: 1 }],
            },
            hostname: self.hostname.unwrap_or_else(|| HOSTNAME.to_owned()),
            port: self.port.unwrap_or(PORT),
            attributes: self.attributes,
            agent: self.agent,
            client_order_id: self.client_order_id,
            available: None,
        };
        Ok(NewListing {
            host: host.parse()?,
            class,
            price,
            min_duration: Seconds(self.min_duration),
            max_duration: Seconds(max_duration),
            rentals: self.rentals,
        })
    }
}

impl NewListing {
    /// Its host's registration.
    #[must_use]
    pub const fn register(&self) -> &RegisterProvider {
        &self.host.command
    }

    /// The bid, once its host has a number.
    #[must_use]
    pub const fn bid(&self, provider: ProviderId, market: MarketId) -> PlaceBid {
        let &Self { price, min_duration, max_duration, rentals: quantity, .. } = self;
        PlaceBid {
            provider,
            target: BidTarget::Standing { market, quantity, min_duration, max_duration },
            price,
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            post_only: false,
            self_trade: SelfTrade::Skip,
            session: None,
            client_id: None,
        }
    }
}

impl AmendGpuRequest {
    /// The new price, where there is one.
    ///
    /// # Errors
    /// Names the field that is none.
    pub fn price(&self) -> Result<Option<Rate>, Malformed> {
        price(self.price_per_hour, self.price_per_minute)
    }
}

/// What is rented: a listing as its renter sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The bid.
    pub bid: BidId,
    /// Its price.
    pub price: Rate,
    /// Its owner's trust level.
    pub level: TrustLevel,
    /// Its GPU.
    pub gpu: GpuSpecification,
}

impl RentRequest {
    /// The order that rents it: for that bid alone, at once or not at all.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn order(self, listed: &Listed) -> Result<OrderRequest, Malformed> {
        if let Some(most) = self.max_price_per_hour
            && Per::Hour.rate(most, "maxPricePerHour")? < listed.price
        {
            let detail = format!("is less than it is listed at, {} per hour", listed.price);
            return Err(Malformed::new("maxPricePerHour", detail));
        }
        let duration = match (self.duration_seconds, self.duration_blocks) {
            (None, None) => Some(RENTAL_SECONDS),
            (seconds, _) => seconds,
        };
        let (image, command) = match self.image {
            Some(image) => (image, self.command),
            None if self.command.is_empty() => (IDLE_IMAGE.to_owned(), IDLE_COMMAND.map(str::to_owned).to_vec()),
            None => return Err(Malformed::new("image", "is missing, and there is a command for it")),
        };
        let amount = Stroops::new(listed.price.get()).unwrap_or_default();
        Ok(OrderRequest {
            tenant_address: self.renter_address,
            max_price: MaxPrice::Same(amount),
            per: Per::Hour,
            trust_levels: Some(vec![listed.level]),
            quantity: 1,
            duration_blocks: self.duration_blocks,
            duration_seconds: duration,
            specification: Specification {
                image,
                cpu: self.cpu.unwrap_or(one()),
                memory: self.memory.unwrap_or(gibibyte()),
                storage: self.storage.unwrap_or(0),
                gpu: Some(listed.gpu.clone()),
                ports: self.ports,
                env: self.env,
                command,
                requires: BTreeMap::new(),
            },
            mode: berth_domain::Mode::Auto,
            closes_at: None,
            auction_seconds: None,
            time_in_force: TimeInForce::Fok,
            expires_at: None,
            client_order_id: self.client_order_id,
            prepay_seconds: self.prepay_seconds,
            failover: false,
            verify: berth_domain::Verify::None,
            post_only: false,
            self_trade: SelfTrade::ExpireTaker,
        })
    }
}

/// The rate of a price by the hour or by the minute.
fn price(hour: Option<Stroops>, minute: Option<Stroops>) -> Result<Option<Rate>, Malformed> {
    match (hour, minute) {
        (Some(_), Some(_)) => Err(Malformed::new("pricePerMinute", "and pricePerHour say the same thing twice")),
        (Some(hour), None) => Per::Hour.rate(hour, "pricePerHour").map(Some),
        (None, Some(minute)) => Per::Minute.rate(minute, "pricePerMinute").map(Some),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::parse_value;

    fn listing(value: serde_json::Value) -> Result<NewListing, Malformed> {
        parse_value::<GpuListing>(value)?.parse()
    }

    #[test]
    fn a_listing_is_a_host_with_one_gpu_and_a_bid() {
        let listed =
            listing(json!({ "ownerAddress": "a", "model": "NVIDIA RTX 4090", "vram": 24, "pricePerMinute": "0.05" }));
        let listed = listed.expect("a listing");
        assert_eq!(listed.class.to_string(), "RTX4090-24");
        assert_eq!(
            listed.price,
            "3".parse::<Stroops>().map(|hour| Per::Hour.rate(hour, "").expect("a rate")).expect("3")
        );
        let gpus: Vec<_> = listed.register().gpus.iter().map(|gpus| (gpus.class.to_string(), gpus.count)).collect();
        assert_eq!(gpus, [("RTX4090-24".to_owned(), 1)]);
        for (request, field) in [
            (json!({ "model": "H100", "vram": 80 }), "pricePerHour"),
            (json!({ "model": "H100", "vram": 80, "pricePerHour": "1", "pricePerMinute": "1" }), "pricePerMinute"),
            (json!({ "model": "H100", "vram": 80, "pricePerHour": "0" }), "pricePerHour"),
            (json!({ "model": "!", "vram": 80, "pricePerHour": "1" }), "model"),
            (json!({ "model": "H100", "vram": 0, "pricePerHour": "1" }), "vram"),
            (json!({ "model": "H100", "vram": 80, "pricePerHour": 1 }), "pricePerHour"),
            (
                json!({ "model": "H100", "vram": 80, "pricePerHour": "1", "minDuration": 9, "maxDuration": 8 }),
                "minDuration",
            ),
            (json!({ "model": "H100", "vram": 80, "pricePerHour": "1", "hostname": "" }), "hostname"),
        ] {
            assert_eq!(listing(request.clone()).expect_err("bad").field, field, "{request}");
        }
    }

    #[test]
    fn a_rental_is_an_order_at_the_listed_price() {
        let price = Per::Hour.rate("2.5".parse().expect("2.5"), "").expect("a rate");
        let gpu = GpuSpecification { model: "H100".to_owned(), vram: 80, count: 1 };
        let listed = Listed { bid: BidId(4), price, level: TrustLevel::Three, gpu };
        let order = |value| parse_value::<RentRequest>(value)?.order(&listed);
        let placed = order(json!({ "renterAddress": "r" })).expect("an order");
        assert_eq!((placed.duration_seconds, placed.specification.image.as_str()), (Some(3_600), IDLE_IMAGE));
        let placed = placed.parse().expect("it is whole");
        assert_eq!(placed.limits.iter().collect::<Vec<_>>(), [(TrustLevel::Three, price)]);
        let named = order(json!({ "image": "a:1", "command": ["x"], "durationBlocks": 12, "maxPricePerHour": "2.5" }));
        let named = named.expect("an order");
        assert_eq!((named.duration_seconds, named.duration_blocks), (None, Some(12)));
        assert_eq!(named.specification.command, ["x"]);
        assert_eq!(order(json!({ "maxPricePerHour": "2.4" })).expect_err("dearer").field, "maxPricePerHour");
        assert_eq!(order(json!({ "command": ["x"] })).expect_err("of what").field, "image");
    }
}
