//! GPUs at a fixed price, batch jobs, and changes of a host.

use berth_wire::domain::TrustLevel;
use berth_wire::request::{AmendGpuRequest, GpuListing, JobRequest, RentRequest, StopRequest, UpdateProviderRequest};
use berth_wire::response::{Changed, GpuOffer, Job, JobTemplate, Lease, Provider};

use crate::calls::{names, query};
use crate::error::ClientError;
use crate::rest::Client;

/// Which GPUs a list has; all when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuFilter {
    /// Only this model, with or without vendor words.
    pub model: Option<String>,
    /// Only those with this many GiB at least.
    pub min_vram: Option<u16>,
    /// Only those that cost this much per hour at most, as a decimal.
    pub max_price: Option<String>,
    /// Only those of owners of these levels, when it names any.
    pub trust: Vec<TrustLevel>,
    /// Only those that can be rented now, or only the others.
    pub available: Option<bool>,
}

impl Client {
    /// Says whether a host takes leases, and what it offers.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn update_provider(
        &self,
        id: u64,
        request: &UpdateProviderRequest,
    ) -> Result<Changed<Provider>, ClientError> {
        self.patch(&format!("/api/v1/providers/{id}"), request).await
    }

    /// Lists a GPU at a fixed price.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn list_gpu(&self, request: &GpuListing) -> Result<Changed<GpuOffer>, ClientError> {
        self.post("/api/v1/gpus", request).await
    }

    /// GPUs at a fixed price.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn gpus(&self, filter: &GpuFilter) -> Result<Vec<GpuOffer>, ClientError> {
        let query = query([
            ("model", filter.model.clone()),
            ("minVram", filter.min_vram.map(|vram| vram.to_string())),
            ("maxPrice", filter.max_price.clone()),
            ("trust", names(&filter.trust)),
            ("available", filter.available.map(|available| available.to_string())),
        ]);
        self.list("/api/v1/gpus", &query).await
    }

    /// A GPU at a fixed price.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn gpu(&self, id: u64) -> Result<GpuOffer, ClientError> {
        self.get(&format!("/api/v1/gpus/{id}")).await
    }

    /// Changes a GPU's price, or whether its host takes leases.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn amend_gpu(&self, id: u64, request: &AmendGpuRequest) -> Result<Changed<GpuOffer>, ClientError> {
        self.patch(&format!("/api/v1/gpus/{id}"), request).await
    }

    /// Rents a GPU at its price.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn rent_gpu(&self, id: u64, request: &RentRequest) -> Result<Changed<Lease>, ClientError> {
        self.post(&format!("/api/v1/gpus/{id}/rent"), request).await
    }

    /// Stops the rental of a GPU.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn stop_gpu(&self, id: u64, request: &StopRequest) -> Result<Changed<Lease>, ClientError> {
        self.post(&format!("/api/v1/gpus/{id}/stop"), request).await
    }

    /// Submits a batch job.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn submit_job(&self, request: &JobRequest) -> Result<Changed<Job>, ClientError> {
        self.post("/api/v1/jobs", request).await
    }

    /// All batch jobs, or those of one tenant: a `G…` key, or in open mode any name.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn jobs(&self, tenant: Option<&str>) -> Result<Vec<Job>, ClientError> {
        self.list("/api/v1/jobs", &query([("tenantAddress", tenant.map(str::to_owned))])).await
    }

    /// A batch job.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn job(&self, id: u64) -> Result<Job, ClientError> {
        self.get(&format!("/api/v1/jobs/{id}")).await
    }

    /// The templates that can be run.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn job_templates(&self) -> Result<Vec<JobTemplate>, ClientError> {
        self.get("/api/v1/jobs/templates").await.map(|list: berth_wire::response::List<JobTemplate>| list.items)
    }
}
