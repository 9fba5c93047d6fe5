//! The log itself and the tree over it, for those who check them. Nothing here
//! is believed: what comes is bytes, and whoever asks for them checks them.

use reqwest::header::HeaderMap;

use crate::error::ClientError;
use crate::rest::Client;

/// Bytes of one answer with batches; the largest batch is far below.
const LOG_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a tile, a bundle of entries' hashes or a signed note.
const TILE_BYTES_MAX: usize = 64 * 1024;

/// A part of a node's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// Batches in canonical bytes, in the order of the log; none at its end.
    pub batches: Vec<Vec<u8>>,
    /// The last entry of the log when it was asked for, as the node says.
    pub head: u64,
    /// The first entry that the node withholds while an auction is open.
    pub sealed_from: Option<u64>,
}

impl Client {
    /// Batches of the log, from the one that holds entry `from` on: as many as
    /// the node gives at once.
    ///
    /// # Errors
    /// See [`ClientError`]; refused as `SEALED` when the entry is withheld.
    pub async fn log(&self, from: u64) -> Result<LogPage, ClientError> {
        let (headers, body) = self.bytes(&format!("/audit/log?from={from}"), LOG_BYTES_MAX).await?;
        let head = number(&headers, "x-berth-head")?;
        let head = head.ok_or_else(|| ClientError::Protocol("the log came without its head".to_owned()))?;
        Ok(LogPage { batches: split(&body)?, head, sealed_from: number(&headers, "x-berth-sealed-from")? })
    }

    /// The newest signed checkpoint, or that of the smallest kept tree with at
    /// least `size` entries.
    ///
    /// # Errors
    /// See [`ClientError`]; refused as `NOT_FOUND` when there is none.
    pub async fn checkpoint(&self, size: Option<u64>) -> Result<String, ClientError> {
        let size = size.map(|size| format!("?size={size}")).unwrap_or_default();
        self.text(&format!("/audit/checkpoint{size}")).await
    }

    /// The key that the node says it signs checkpoints with.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn log_key(&self) -> Result<String, ClientError> {
        self.text("/audit/key").await.map(|key| key.trim_end().to_owned())
    }

    /// A tile, by its path as C2SP's `tlog-tiles` has it: `tile/0/000.p/5`.
    ///
    /// # Errors
    /// See [`ClientError`]; refused as `NOT_FOUND` when there is none.
    pub async fn tile(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.bytes(&format!("/audit/{path}"), TILE_BYTES_MAX).await.map(|(_, body)| body)
    }

    async fn text(&self, path: &str) -> Result<String, ClientError> {
        let (_, body) = self.bytes(path, TILE_BYTES_MAX).await?;
        String::from_utf8(body).map_err(|_| ClientError::Protocol(format!("{path} is no text")))
    }
}

fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, ClientError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|value| value.parse().ok());
    number.map(Some).ok_or_else(|| ClientError::Protocol(format!("{name} is no number")))
}

/// Batches out of an answer, each with its length before it.
fn split(mut body: &[u8]) -> Result<Vec<Vec<u8>>, ClientError> {
    let mut batches = Vec::new();
    while !body.is_empty() {
        let cut = || ClientError::Protocol("the log breaks off within a batch".to_owned());
        let (length, rest) = body.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut())?;
        let (batch, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        if batch.is_empty() {
            return Err(ClientError::Protocol("a batch without bytes".to_owned()));
        }
        batches.push(batch.to_vec());
        body = rest;
    }
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_batches_or_none() {
        assert_eq!(split(&[]), Ok(vec![]));
        assert_eq!(split(&[1, 0, 0, 0, 7, 2, 0, 0, 0, 8, 9]), Ok(vec![vec![7], vec![8, 9]]));
        for bad in [&[1][..], &[1, 0, 0, 0], &[2, 0, 0, 0, 7], &[255, 255, 255, 255, 7], &[0, 0, 0, 0]] {
            assert!(matches!(split(bad), Err(ClientError::Protocol(_))), "{bad:?}");
        }
    }
}
