//! The demo's image: our own page, built here, since no registry can be
//! assumed.

use std::collections::HashMap;

use berth_executor::docker::Engine;
use berth_executor::image::build_scratch;

use crate::fault::{Fault, While};

const PAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page"));
const TAG: &str = "berth-page:1";

/// Connects to the engine; where none answers, the words say how to get one.
pub(super) async fn engine(host: Option<&str>) -> Result<Engine, Fault> {
    Engine::connect(host).await.or_fault("no Docker engine, so there is no demo")
}

/// Builds the page's image and answers its tag.
pub(super) async fn page(engine: &Engine) -> Result<&'static str, Fault> {
    if PAGE.is_empty() {
        return Err(Fault::CouldNotRun("the demo's page is built on Linux only; name an image with --image".into()));
    }
    let labels = HashMap::from([("org.opencontainers.image.title".to_owned(), "Berth's demo page".to_owned())]);
    build_scratch(engine, TAG, PAGE, &labels).await.or_fault("building the demo's image")?;
    Ok(TAG)
}
