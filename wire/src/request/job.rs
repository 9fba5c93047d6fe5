//! Batch jobs: what is to run once, for at most so much in all.

use std::collections::BTreeMap;

use berth_domain::{ClientId, Mode, SelfTrade, Stroops, TimeInForce, TrustLevel, Verify};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::OrderRequest;
use super::specification::{GpuSpecification, Specification};
use crate::address::Name;
use crate::json::{Malformed, objects, unique_map};
use crate::price::{MaxPrice, Per};
use crate::scalar::{WHOLE_MAX, in_text_option, levels, whole, whole_option};
use crate::verify;

/// What a script runs in that names no image.
const PYTHON_IMAGE: &str = "python:3.13-slim";
/// How long a job may run that does not say.
const JOB_SECONDS: u64 = 3_600;
/// What the client id of every job's order begins with. A job is an order, and
/// this is how one is told.
pub const JOB_PREFIX: &str = "job.";
/// Bytes of a job's own id: a client id has 36.
pub const JOB_ID_BYTES_MAX: usize = 36 - JOB_PREFIX.len();

/// `POST /jobs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct JobRequest {
    /// Who pays; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "clientAddress", alias = "address")]
    pub tenant_address: Option<Name>,
    /// The most that it may cost in all.
    #[serde(with = "crate::scalar::in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub reward: Stroops,
    /// An image's reference or id; with `script` one that has `python3`, which is
    /// `python:3.13-slim` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Arguments in place of the image's own, at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// A Python script of at most 16 KiB, in place of `command`: it is run as
    /// `python3 -c SCRIPT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// A template's name; none is offered yet.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "modelType")]
    pub template: Option<String>,
    /// Environment variables, at most 100.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub env: BTreeMap<String, String>,
    /// Virtual CPUs.
    #[serde(default = "one", deserialize_with = "whole::<1, 65_536, _, _>")]
    #[schema(minimum = 1, maximum = 65536)]
    pub cpu: u32,
    /// Memory in MiB.
    #[serde(default = "gibibyte", deserialize_with = "whole::<1, 1_073_741_824, _, _>")]
    #[schema(minimum = 1, maximum = 1073741824)]
    pub memory: u64,
    /// Disk in GiB.
    #[serde(default, deserialize_with = "whole::<0, 1_073_741_824, _, _>")]
    #[schema(minimum = 0, maximum = 1073741824)]
    pub storage: u64,
    /// GPUs; without them the job is for the market `CPU`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuSpecification>,
    /// What the provider must offer, as in a specification.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub requires: BTreeMap<String, Value>,
    /// How long it may run, in seconds; an hour when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub duration_seconds: Option<u64>,
    /// Accepted trust levels; all five when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "levels")]
    #[schema(value_type = Option<Vec<crate::schema::LevelWord>>)]
    pub trust_levels: Option<Vec<TrustLevel>>,
    /// How its result is checked before it is paid: `"none"`, or `{"replicas": n}`
    /// with 3, 5 or 7, each of which may cost the reward.
    #[serde(default, skip_serializing_if = "verify::is_none", with = "verify")]
    #[schema(value_type = crate::schema::VerifySpec)]
    pub verify: Verify,
    /// The tenant's own id for it, at most 32 bytes: a repeat answers the first.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
}

objects!(JobRequest);

const fn one() -> u32 {
    1
}

const fn gibibyte() -> u64 {
    1_024
}

impl JobRequest {
    /// The order that has it run. `unnamed` is the id of a job whose tenant gives
    /// it none.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn order(self, unnamed: &str) -> Result<OrderRequest, Malformed> {
        if let Some(template) = self.template {
            return Err(Malformed::not_offered("template", &format!("the template {template:?}")));
        }
        let duration = self.duration_seconds.unwrap_or(JOB_SECONDS);
        let units = self.gpu.as_ref().map_or(self.cpu, |gpu| gpu.count);
        let per_unit_hour = hourly(self.reward, units, duration)?;
        let (image, command) = match (self.script, self.image) {
            (Some(_), _) if !self.command.is_empty() => {
                return Err(Malformed::new("command", "and script say what to run twice"));
            }
            (Some(script), _) if script.is_empty() => return Err(Malformed::new("script", "is empty")),
            (Some(script), image) => {
                let image = image.unwrap_or_else(|| PYTHON_IMAGE.to_owned());
                (image, vec!["python3".to_owned(), "-c".to_owned(), script])
            }
            (None, Some(image)) => (image, self.command),
            (None, None) => return Err(Malformed::new("image", "is missing, and so are script and template")),
        };
        let own = self.client_order_id.as_ref().map_or(unnamed, ClientId::as_str);
        let id = ClientId::new(format!("{JOB_PREFIX}{own}")).map_err(|_| {
            Malformed::new("clientOrderId", format!("is longer than {JOB_ID_BYTES_MAX} bytes, and names a job"))
        })?;
        let (quantity, time_in_force) = match self.verify {
            Verify::Replicas(n) => (n.into(), TimeInForce::Fok),
            Verify::None | Verify::Spot => (1, TimeInForce::Gtc),
        };
        Ok(OrderRequest {
            tenant_address: self.tenant_address,
            max_price: MaxPrice::Same(per_unit_hour),
            per: Per::Hour,
            trust_levels: self.trust_levels,
            quantity,
            duration_blocks: None,
            duration_seconds: Some(duration),
            specification: Specification {
                image,
                cpu: self.cpu,
                memory: self.memory,
                storage: self.storage,
                gpu: self.gpu,
                ports: Vec::new(),
                env: self.env,
                command,
                requires: self.requires,
            },
            mode: Mode::Auto,
            closes_at: None,
            auction_seconds: None,
            time_in_force,
            expires_at: None,
            client_order_id: Some(id),
            prepay_seconds: None,
            failover: false,
            verify: self.verify,
            post_only: false,
            self_trade: SelfTrade::ExpireTaker,
        })
    }

    /// Where a fault of the order stands in a job.
    #[must_use]
    pub fn field(of_order: &str) -> String {
        match of_order.strip_prefix("specification.").unwrap_or(of_order) {
            "maxPrice" => "reward".to_owned(),
            "command[2]" => "script".to_owned(),
            other => other.to_owned(),
        }
    }
}

/// The highest price of a unit-hour at which the whole duration costs no more than
/// the reward: `floor(reward × 3600 / (units × seconds))`.
fn hourly(reward: Stroops, units: u32, seconds: u64) -> Result<Stroops, Malformed> {
    let whole = i128::from(reward.get()) * 3_600 / (i128::from(units) * i128::from(seconds));
    let rate = i64::try_from(whole).ok().and_then(Stroops::new);
    match rate {
        Some(rate) if rate > Stroops::ZERO => Ok(rate),
        Some(_) => Err(Malformed::new("reward", "is less than a stroop for an hour of one unit")),
        None => Err(Malformed::new("reward", "is more than can be counted by the hour")),
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::{Seconds, owed};
    use serde_json::json;

    use super::*;
    use crate::json::parse_value;

    fn order(value: Value) -> Result<OrderRequest, Malformed> {
        parse_value::<JobRequest>(value)?.order("unnamed")
    }

    #[test]
    fn a_script_is_an_argument_of_python() {
        let placed = order(json!({ "reward": "5", "script": "print(1)" })).expect("an order");
        assert_eq!(placed.specification.command, ["python3", "-c", "print(1)"]);
        assert_eq!(placed.specification.image, PYTHON_IMAGE);
        assert_eq!(placed.client_order_id.map(|id| id.as_str().to_owned()).as_deref(), Some("job.unnamed"));
        let own =
            order(json!({ "reward": "5", "script": "1", "image": "p:1", "clientOrderId": "a" })).expect("an order");
        assert_eq!((own.specification.image.as_str(), own.client_order_id), ("p:1", ClientId::new("job.a").ok()));
        let long = order(json!({ "reward": "5", "script": "#".repeat(17 << 10) })).expect("an order");
        assert_eq!(long.parse().expect_err("too long").field, "specification.command[2]");
        assert!(order(json!({ "reward": "5", "script": "#".repeat(16 << 10) })).expect("an order").parse().is_ok());
    }

    #[test]
    fn a_job_never_costs_more_than_its_reward() {
        for (reward, cpu, seconds) in [("5", 1, 3_600), ("0.0000007", 3, 7), ("922337203", 16, 86_399), ("1", 7, 13)] {
            let placed = order(json!({ "reward": reward, "image": "a", "cpu": cpu, "durationSeconds": seconds }));
            let placed = placed.expect("an order").parse().expect("it is whole");
            let rate = placed.limits.highest().of(placed.units, 1).expect("it can be counted");
            let most = owed(rate, Seconds(seconds)).expect("it can be counted");
            let reward: Stroops = reward.parse().expect("an amount");
            assert!(most <= reward, "{most} of {reward}");
            let next = i128::from(reward.get()) - i128::from(most.get());
            assert!(next <= i128::from(cpu) * i128::from(seconds) / 3_600 + 1, "{most} of {reward}");
        }
    }

    #[test]
    fn what_is_no_job_is_named() {
        for (request, field) in [
            (json!({ "image": "a" }), "reward"),
            (json!({ "reward": "0", "image": "a" }), "reward"),
            (json!({ "reward": "0.0000001", "image": "a", "cpu": 100, "durationSeconds": 100_000 }), "reward"),
            (json!({ "reward": "900000000000", "image": "a", "durationSeconds": 1 }), "reward"),
            (json!({ "reward": "1" }), "image"),
            (json!({ "reward": "1", "script": "" }), "script"),
            (json!({ "reward": "1", "script": "1", "command": ["a"] }), "command"),
            (json!({ "reward": "1", "template": "kmeans" }), "template"),
            (json!({ "reward": "1", "image": "a", "clientOrderId": "x".repeat(33) }), "clientOrderId"),
            (json!({ "reward": "1", "image": "a", "ports": [] }), "ports"),
        ] {
            assert_eq!(order(request.clone()).expect_err("bad").field, field, "{request}");
        }
        let none = order(json!({ "reward": "1", "modelType": "linear_regression" })).expect_err("none yet");
        assert_eq!(none.code, crate::errors::EdgeCode::NotOffered);
    }
}
