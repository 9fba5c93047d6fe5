//! Changing a host.

use std::collections::BTreeMap;

use berth_domain::{Attribute, ProviderId, UpdateProvider};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::attributes;
use crate::address::Name;
use crate::json::{Malformed, objects, unique_map};

/// `PATCH /providers/{id}`. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateProviderRequest {
    /// Whose it is; the owner when left out in open mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// Whether it takes leases. Those that it has go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
    /// All that it offers from now on.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "attributes_option")]
    pub attributes: Option<BTreeMap<String, String>>,
}

objects!(UpdateProviderRequest);

fn attributes_option<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    unique_map(input).map(Some)
}

impl UpdateProviderRequest {
    /// Who says it, if the request does, and what the exchange takes, for a host
    /// that is as it is now.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(
        self,
        provider: ProviderId,
        available: bool,
        offered: Vec<Attribute>,
    ) -> Result<(Option<Name>, UpdateProvider), Malformed> {
        if self.available.is_none() && self.attributes.is_none() {
            return Err(Malformed::new("", "changes nothing: it names neither available nor attributes"));
        }
        let attributes = match &self.attributes {
            Some(pairs) => attributes(pairs.iter(), "attributes")?,
            None => offered,
        };
        Ok((self.address, UpdateProvider { provider, available: self.available.unwrap_or(available), attributes }))
    }
}
