//! What leases' containers write and leave behind: read by their parties, told by
//! agents.

use std::time::Duration;

use berth_wire::response::{LeaseResult, OutputKnown};
use reqwest::{Method, Response, Url};

use crate::error::ClientError;
use crate::rest::{Client, words};

/// How long a stream of output may stay open: until its lease ends, in truth.
const FOLLOW_TIME_MAX: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Which output is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputQuery<'a> {
    /// Who asks: the lease's tenant or its provider's owner. Not needed with a key.
    pub address: Option<&'a str>,
    /// Lines at most, the last of them; all that are kept when `None`.
    pub tail: Option<u64>,
    /// Only what this replica wrote, from 0.
    pub replica: Option<u32>,
    /// Whether each line begins with its time.
    pub timestamps: bool,
}

/// Output as it comes, until the lease ends.
#[derive(Debug)]
pub struct OutputStream(Response);

impl OutputStream {
    /// What was written since; `None` at the end.
    ///
    /// # Errors
    /// [`ClientError::Transport`] when the connection breaks.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        let chunk = self.0.chunk().await.map_err(|why| ClientError::Transport(words(&why)))?;
        Ok(chunk.map(|chunk| chunk.to_vec()))
    }
}

impl Client {
    /// The end of what a lease's containers wrote, so far.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn lease_output(&self, lease: u64, query: &OutputQuery<'_>) -> Result<Vec<u8>, ClientError> {
        let mut stream = OutputStream(self.opened(self.output_url(lease, query, false)?, None).await?);
        let mut output = Vec::new();
        while let Some(chunk) = stream.next().await? {
            output.extend(chunk);
        }
        Ok(output)
    }

    /// The same, and what they write from now on.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn follow_output(&self, lease: u64, query: &OutputQuery<'_>) -> Result<OutputStream, ClientError> {
        let url = self.output_url(lease, query, true)?;
        self.opened(url, Some(FOLLOW_TIME_MAX)).await.map(OutputStream)
    }

    /// What a lease left behind, checked against its hash. `address` says who asks,
    /// where no key does.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn lease_result(&self, lease: u64, address: Option<&str>) -> Result<LeaseResult, ClientError> {
        let mut url = self.url(&format!("/api/v1/leases/{lease}/result"))?;
        if let Some(address) = address {
            url.query_pairs_mut().append_pair("address", address);
        }
        let result: LeaseResult = self.get_url(url).await?;
        match result.bytes() {
            Some(_) => Ok(result),
            None => Err(ClientError::Protocol("the result does not have its hash".to_owned())),
        }
    }

    /// For agents: what one replica wrote, as lines `TIME TEXT`, behind the line of
    /// the time `after`. Answers how far the node knows.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn tell_output(
        &self,
        lease: u64,
        address: &str,
        replica: u32,
        after: Option<&str>,
        lines: Vec<u8>,
    ) -> Result<OutputKnown, ClientError> {
        let mut url = self.url(&format!("/api/v1/leases/{lease}/logs"))?;
        url.query_pairs_mut()
            .append_pair("address", address)
            .append_pair("replica", &replica.to_string())
            .extend_pairs(after.map(|after| ("after", after)));
        self.send(Method::POST, url, "text/plain", lines).await
    }

    /// For agents: what a lease left behind, at most 64 KiB.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn hand_in_result(&self, lease: u64, address: &str, result: Vec<u8>) -> Result<(), ClientError> {
        let mut url = self.url(&format!("/api/v1/leases/{lease}/result"))?;
        url.query_pairs_mut().append_pair("address", address);
        self.send(Method::PUT, url, "application/octet-stream", result).await
    }

    fn output_url(&self, lease: u64, query: &OutputQuery<'_>, follow: bool) -> Result<Url, ClientError> {
        let mut url = self.url(&format!("/api/v1/leases/{lease}/logs"))?;
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, &value);
            }
        };
        set("address", query.address.map(str::to_owned));
        set("tail", query.tail.map(|tail| tail.to_string()));
        set("replica", query.replica.map(|replica| replica.to_string()));
        set("timestamps", query.timestamps.then(|| "true".to_owned()));
        set("follow", follow.then(|| "true".to_owned()));
        Ok(url)
    }
}
