//! Images: found, pulled, or built from one static binary.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use bollard::body_full;
use bollard::query_parameters::{
    BuildImageOptionsBuilder, CreateImageOptionsBuilder, ListImagesOptionsBuilder, TagImageOptionsBuilder,
};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tracing::{debug, info};

use super::{Engine, EngineError, NotRunning};
use crate::failure::{Cause, Failure};

/// Bytes of an image reference at most; registries accept fewer.
const REFERENCE_BYTES_MAX: usize = 512;
/// How often a pull says where it is.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);
/// How long the engine may take to begin to answer a pull; callers have less.
const PULL_TIME_MAX: Duration = Duration::from_secs(3_600);
/// The label of a built image that says what it was built from.
const CONTENT_LABEL: &str = "berth.content";

/// An image that the engine holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalImage {
    /// `sha256:…`: what it is, whatever its tag comes to mean later.
    pub id: String,
    /// The user that its author chose.
    pub user: String,
    /// The volumes that its author declared.
    pub volumes: Vec<String>,
}

impl Engine {
    /// The image that `reference` names, pulled if it is not here.
    ///
    /// # Errors
    /// [`NotRunning::Failed`] with the registry's words when it cannot be had
    /// within `patience`.
    pub async fn image(&self, reference: &str, patience: Duration) -> Result<LocalImage, NotRunning> {
        if !is_reference(reference) {
            let words = format!("{reference:?} is no image reference");
            return Err(NotRunning::Failed(Failure::new(Cause::NoReference, &words)));
        }
        if let Some(image) = self.local_image(reference).await? {
            return Ok(image);
        }
        let cannot = |cause, words: String| NotRunning::Failed(Failure::new(cause, &words));
        match tokio::time::timeout(patience, self.pull(reference)).await {
            Ok(Ok(())) => {}
            Ok(Err(EngineError::Refused(words))) => {
                let words = format!("the image {reference} cannot be pulled: {words}");
                return Err(cannot(Cause::CannotPull, words));
            }
            Ok(Err(away)) => return Err(away.into()),
            Err(_) => {
                let words = format!("the pull of {reference} took longer than {} s", patience.as_secs());
                return Err(cannot(Cause::PullTooLong, words));
            }
        }
        let pulled = self.local_image(reference).await?;
        pulled.ok_or_else(|| cannot(Cause::CannotPull, format!("{reference} was pulled and is not there")))
    }

    pub(super) async fn local_image(&self, reference: &str) -> Result<Option<LocalImage>, EngineError> {
        let image = match self.api.inspect_image(reference).await {
            Ok(image) => image,
            Err(error) if is_not_found(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let id = image.id.ok_or_else(|| EngineError::Refused(format!("{reference} has no id")))?;
        let config = image.config.unwrap_or_default();
        Ok(Some(LocalImage { id, user: config.user.unwrap_or_default(), volumes: config.volumes.unwrap_or_default() }))
    }

    async fn pull(&self, reference: &str) -> Result<(), EngineError> {
        let (name, tag) = split_tag(reference);
        info!(image = reference, "pulling");
        let options = CreateImageOptionsBuilder::new().from_image(name).tag(tag).build();
        // The engine answers only when the registry has; the caller's patience
        // is what bounds that, not the client's.
        let api = self.api.clone().with_timeout(PULL_TIME_MAX);
        let mut progress = api.create_image(Some(options), None, None);
        let mut told = Instant::now();
        while let Some(step) = progress.next().await {
            let step = step?;
            let status = step.status.unwrap_or_default();
            debug!(image = reference, layer = step.id, status, "pulling");
            if told.elapsed() >= PROGRESS_INTERVAL {
                told = Instant::now();
                let bytes = step.progress_detail.unwrap_or_default();
                info!(
                    image = reference,
                    layer = step.id,
                    status,
                    done_bytes = bytes.current,
                    all_bytes = bytes.total,
                    "pulling"
                );
            }
        }
        Ok(())
    }
}

/// Builds an image that holds nothing but `binary` and runs it, and tags it
/// `tag`. Where an image of the same content is there already, it is only
/// tagged. The build needs no network. Answers the image's id.
///
/// # Errors
/// [`EngineError::Refused`] with the builder's words.
pub async fn build_scratch(
    docker: &Engine,
    tag: &str,
    binary: &[u8],
    labels: &HashMap<String, String>,
) -> Result<String, EngineError> {
    let content = content_of(binary, labels);
    if let Some(id) = find_content(docker, &content).await? {
        tag_image(docker, &id, tag).await?;
        return Ok(id);
    }
    let context = context(binary).map_err(|error| EngineError::Refused(format!("no build context: {error}")))?;
    let mut labels = labels.clone();
    labels.insert(CONTENT_LABEL.to_owned(), content.clone());
    let options =
        BuildImageOptionsBuilder::new().t(tag).labels(&labels).networkmode("none").rm(true).forcerm(true).build();
    let mut steps = docker.api().build_image(options, None, Some(body_full(context.into())));
    while let Some(step) = steps.next().await {
        let step = step?;
        if let Some(error) = step.error_detail {
            return Err(EngineError::Refused(error.message.unwrap_or_default()));
        }
        debug!(tag, step = step.stream.unwrap_or_default().trim(), "building");
    }
    drop(steps);
    find_content(docker, &content)
        .await?
        .ok_or_else(|| EngineError::Refused(format!("{tag} was built and is not there")))
}

const DOCKERFILE: &str = "FROM scratch\nCOPY program /program\nUSER 65534:65534\nENTRYPOINT [\"/program\"]\n";

fn content_of(binary: &[u8], labels: &HashMap<String, String>) -> String {
    let mut sorted: Vec<_> = labels.iter().collect();
    sorted.sort();
    let mut hash = Sha256::new();
    hash.update(DOCKERFILE);
    for (key, value) in sorted {
        hash.update(format!("{key:?}={value:?};"));
    }
    hash.update(binary);
    hex::encode(hash.finalize())
}

async fn find_content(docker: &Engine, content: &str) -> Result<Option<String>, EngineError> {
    let filter = HashMap::from([("label".to_owned(), vec![format!("{CONTENT_LABEL}={content}")])]);
    let options = ListImagesOptionsBuilder::new().filters(&filter).build();
    let images = docker.api().list_images(Some(options)).await?;
    Ok(images.into_iter().next().map(|image| image.id))
}

async fn tag_image(docker: &Engine, id: &str, tag: &str) -> Result<(), EngineError> {
    let (name, tag) = split_tag(tag);
    let options = TagImageOptionsBuilder::new().repo(name).tag(tag).build();
    Ok(docker.api().tag_image(id, Some(options)).await?)
}

fn context(binary: &[u8]) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes, mode) in [("Dockerfile", DOCKERFILE.as_bytes(), 0o644), ("program", binary, 0o755)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        // No time and no owner, so that the same content is the same image.
        header.set_mtime(0);
        tar.append_data(&mut header, path, bytes)?;
    }
    tar.into_inner()
}

/// Whether `text` can be a name, tag, digest or id. It becomes a part of a path
/// of the engine's API, so nothing that means something there is let through.
fn is_reference(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/@+-".contains(&byte);
    !text.is_empty()
        && text.len() <= REFERENCE_BYTES_MAX
        && text.bytes().all(is_plain)
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Name and tag of a reference. A digest stays with the name: the engine takes
/// it there, and would pull every tag of a name that comes without one.
fn split_tag(reference: &str) -> (&str, &str) {
    if reference.contains('@') {
        return (reference, "");
    }
    match reference.rsplit_once(':') {
        // A colon before a slash belongs to the registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

pub(super) fn is_not_found(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 404, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_split_into_name_and_tag() {
        for (reference, name, tag) in [
            ("nginx", "nginx", "latest"),
            ("nginx:1.27", "nginx", "1.27"),
            ("localhost:5000/nginx", "localhost:5000/nginx", "latest"),
            ("localhost:5000/a/nginx:2", "localhost:5000/a/nginx", "2"),
            ("nginx@sha256:abc", "nginx@sha256:abc", ""),
        ] {
            assert_eq!(split_tag(reference), (name, tag), "{reference}");
        }
    }

    #[test]
    fn what_is_no_reference_is_not_asked_for() {
        for good in ["nginx", "localhost:5000/a_b/c.d:1-2", "a@sha256:abc", "sha256:abc"] {
            assert!(is_reference(good), "{good}");
        }
        for bad in ["", "a b", "../containers/x", "a//b", "a?b", "a#b", "a%2fb", "a\nb", "\u{e9}"] {
            assert!(!is_reference(bad), "{bad:?}");
        }
        assert!(!is_reference(&"a".repeat(513)));
    }

    #[test]
    fn the_content_depends_on_the_binary_and_on_the_labels() {
        let label = |value: &str| HashMap::from([("a".to_owned(), value.to_owned())]);
        let content = content_of(b"program", &label("1"));
        assert_eq!(content, content_of(b"program", &label("1")));
        assert_ne!(content, content_of(b"program", &label("2")));
        assert_ne!(content, content_of(b"other", &label("1")));
    }
}
