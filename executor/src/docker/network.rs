//! A lease's own network.
//!
//! A lease that publishes ports gets a bridge of its own, on which its replicas
//! do not reach each other and which no other lease is on. A lease without
//! ports gets none at all.

use std::collections::HashMap;

use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::ListNetworksOptionsBuilder;
use tracing::debug;

use super::image::is_not_found;
use super::labels::{self, filter, filter_lease};
use super::{Engine, EngineError, hardening};
use crate::lease::LogId;
use crate::plan::Labels;

/// The network's name: one per lease, so that a second cannot come about by a
/// crash between two steps.
fn name(labels: &Labels) -> String {
    format!("berth-{}-{}", labels.log.short(), labels.lease)
}

impl Engine {
    /// Creates the lease's network unless it is there, and answers its name.
    pub(super) async fn ensure_network(&self, labels: &Labels) -> Result<String, EngineError> {
        let name = name(labels);
        if self.networks(labels).await?.iter().any(|(_, found)| found == &name) {
            return Ok(name);
        }
        let option = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let request = NetworkCreateRequest {
            name: name.clone(),
            driver: Some("bridge".to_owned()),
            attachable: Some(false),
            enable_ipv6: Some(false),
            options: Some(HashMap::from([
                option("com.docker.network.bridge.enable_icc", "false"),
                option("com.docker.network.bridge.host_binding_ipv4", hardening::LOOPBACK),
            ])),
            labels: Some(labels::write(labels)),
            ..NetworkCreateRequest::default()
        };
        self.api.create_network(request).await?;
        debug!(network = name, "created");
        Ok(name)
    }

    /// Removes the lease's networks; none is fine.
    pub(super) async fn remove_networks(&self, labels: &Labels) -> Result<(), EngineError> {
        for (id, name) in self.networks(labels).await? {
            match self.api.remove_network(&id).await {
                Ok(()) => debug!(network = name, "removed"),
                Err(error) if is_not_found(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whose networks there are.
    pub(super) async fn observe_networks(&self, log: &LogId) -> Result<Vec<Labels>, EngineError> {
        let options = ListNetworksOptionsBuilder::new().filters(&filter(&[(labels::LOG, log.as_str())])).build();
        let networks = self.api.list_networks(Some(options)).await?;
        Ok(networks.into_iter().filter_map(|network| labels::read(&network.labels?)).collect())
    }

    /// Id and name of the lease's networks. The engine may hold two of a name,
    /// if two calls came at once, so removal goes by id.
    async fn networks(&self, labels: &Labels) -> Result<Vec<(String, String)>, EngineError> {
        let options = ListNetworksOptionsBuilder::new().filters(&filter_lease(labels)).build();
        let networks = self.api.list_networks(Some(options)).await?;
        Ok(networks.into_iter().filter_map(|network| Some((network.id?, network.name?))).collect())
    }
}
