//! Bodies of requests: bounded in size and time, JSON, parsed once.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use berth_wire::errors::EdgeCode;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::limits::Limits;
use crate::problem::Refusal;

/// A body that must be there.
pub(crate) struct Json<T>(pub(crate) T);

/// A body that may be left out.
pub(crate) struct JsonOrNothing<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        check_type(&parts.headers)?;
        let body = read(&parts, body).await?;
        Ok(Self(berth_wire::json::parse(&body)?))
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for JsonOrNothing<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let body = read(&parts, body).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        check_type(&parts.headers)?;
        Ok(Self(berth_wire::json::parse(&body)?))
    }
}

/// A body of any bytes, of any type.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for Bytes {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        read(&parts, body).await.map(Self)
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let named = headers.get(CONTENT_TYPE).and_then(|named| named.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(EdgeCode::UnsupportedMediaType.into()) }
}

/// The bytes of a body, bounded in size and time.
pub(crate) async fn read(parts: &Parts, body: Body) -> Result<Vec<u8>, Refusal> {
    // The server puts them there.
    let limits = parts.extensions.get::<Limits>().copied().unwrap_or(Limits::PUBLIC);
    let most = limits.body_bytes;
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large(most));
    }
    let read = tokio::time::timeout(limits.body_time, collect(body, most)).await;
    read.map_err(|_| Refusal::from(EdgeCode::RequestTimeout))?
}

async fn collect(body: Body, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::malformed("", "ended before its announced length"))?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn too_large(most: usize) -> Refusal {
    Refusal::new(EdgeCode::PayloadTooLarge, format!("the body is longer than {most} bytes"))
}
