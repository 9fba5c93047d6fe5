//! Traces for a collector: OTLP over HTTP, in batches, by a thread of its own that
//! nobody waits for.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use crate::config;
use crate::fault::{Fault, While};

/// How long a collector may take for a batch, and for the last one at the end.
const EXPORT_TIME_MAX: Duration = Duration::from_secs(5);

/// Traces that are collected until the process ends.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Begins to collect where there is somewhere to send it.
    ///
    /// # Errors
    /// When the collector's address is none.
    pub(crate) fn begin(settings: &config::Telemetry) -> Result<Self, Fault> {
        let Some(endpoint) = &settings.endpoint else { return Ok(Self(None)) };
        berth_client::use_ring();
        let headers = settings.headers.iter().map(|header| (header.name.clone(), header.value.clone()));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(traces_at(&endpoint.0))
            .with_headers(headers.collect())
            .with_timeout(EXPORT_TIME_MAX)
            .build()
            .or_fault("telemetry.endpoint")?;
        // By the trace's id: a trace that began elsewhere is whole or not there,
        // and no client decides how much is collected here.
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::TraceIdRatioBased(settings.sampling.0))
            .with_resource(Resource::builder().with_service_name("berth").build())
            .build();
        global::set_tracer_provider(provider.clone());
        Ok(Self(Some(provider)))
    }

    /// Sends what is left.
    pub(crate) fn end(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(EXPORT_TIME_MAX)
        {
            tracing::warn!(%error, "the last traces are lost");
        }
    }
}

/// Where a collector takes traces, unless its address says so itself.
fn traces_at(endpoint: &str) -> String {
    let names_a_path = reqwest::Url::parse(endpoint).is_ok_and(|url| url.path() != "/");
    if names_a_path { endpoint.to_owned() } else { format!("{}/v1/traces", endpoint.trim_end_matches('/')) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_go_where_collectors_take_them() {
        for (endpoint, at) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            ("https://collector.example/otlp/traces", "https://collector.example/otlp/traces"),
        ] {
            assert_eq!(traces_at(endpoint), at);
        }
    }
}
