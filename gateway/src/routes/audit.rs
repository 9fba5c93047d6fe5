//! `/audit`: the Merkle tree over the log as C2SP's `tlog-tiles` has it, for
//! whoever does not want to trust the node.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use berth_domain::Digest;
use berth_journal::StoreError;
use berth_merkle::{Tile, Tiles as _};
use berth_wire::errors::EdgeCode;

use crate::node::{App, Audit};
use crate::problem::Refusal;
use crate::query::{Query, Segment};

/// What never changes may be kept for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The newest signed checkpoint, or that of the smallest kept tree with `size`
/// entries or more.
pub(super) async fn checkpoint(State(app): State<App>, mut query: Query) -> Result<Response, Refusal> {
    let size = query.take::<u64>("size", "a number of entries")?;
    query.finish()?;
    let tree = audit(&app)?.tree.clone();
    let note = off_the_reactor(move || match size {
        None => tree.checkpoint(),
        Some(size) => tree.checkpoint_from(size),
    });
    let none = match size {
        None => "no checkpoint has been signed yet",
        Some(_) => "no checkpoint of so many entries is kept",
    };
    let note = note.await?.ok_or_else(|| Refusal::new(EdgeCode::NotFound, none))?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-cache")], note).into_response())
}

/// The key that signs checkpoints, as `name+hash+key`. Whoever checks them has it
/// from elsewhere, too.
pub(super) async fn key(State(app): State<App>, query: Query) -> Result<Response, Refusal> {
    query.finish()?;
    let key = format!("{}\n", audit(&app)?.key);
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], key).into_response())
}

/// A tile of hashes, or a bundle of the entries' hashes beneath one.
pub(super) async fn tile(State(app): State<App>, path: Segment, query: Query) -> Result<Response, Refusal> {
    query.finish()?;
    let tree = audit(&app)?.tree.clone();
    let path = format!("tile/{}", path.as_str());
    let no_tile = || Refusal::new(EdgeCode::NotFound, "there is no such tile");
    let bundle = Tile::from_entries_path(&path);
    let tile = bundle.or_else(|_| path.parse()).map_err(|_| no_tile())?;
    let read = move || {
        if bundle.is_ok() {
            tree.entries(tile).map(|hashes| bundled(&hashes))
        } else {
            tree.read(tile).map(|hashes| bytes(&hashes))
        }
    };
    let body = match off_the_reactor(move || match read() {
        Err(StoreError::Missing { .. }) => Ok(None),
        read => read.map(Some),
    })
    .await?
    {
        Some(body) => body,
        None => return Err(no_tile()),
    };
    Ok(([(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, FOR_EVER)], body).into_response())
}

fn audit(app: &App) -> Result<&Audit, Refusal> {
    app.audit.as_ref().ok_or_else(|| Refusal::new(EdgeCode::NotFound, "this node keeps no tree"))
}

/// Reads what may have to wait for a disk.
async fn off_the_reactor<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            tracing::error!(%error, "the tree cannot be read");
            Err(EdgeCode::Unavailable.into())
        }
        Err(_) => Err(EdgeCode::Unavailable.into()),
    }
}

fn bytes(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Each with its length before it, two bytes, big-endian.
fn bundled(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| [0, 32].into_iter().chain(hash.0)).collect()
}
