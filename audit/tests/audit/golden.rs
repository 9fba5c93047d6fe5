//! A bundle of the first format, kept for ever: whoever has one can have it
//! checked by any later build. The fuzzer's changes begin from it, too.

use berth_audit::Bundle;
use berth_merkle::NoteKey;

use crate::bundles::{bundle, signer};
use crate::log;

const BUNDLE: &str = include_str!("../golden/bundle-v1.json");
const KEY: &str = include_str!("../golden/bundle-v1.key");

#[test]
fn a_bundle_of_the_first_format_is_sound() {
    let bundle: Bundle = serde_json::from_str(BUNDLE).expect("it reads");
    let key: NoteKey = KEY.trim().parse().expect("a key");
    let report = bundle.verify(&key).expect("all of it holds");
    assert!(report.settled && report.entries > 5 && report.steps >= 5, "{report:?}");
}

/// A fixture is written once, when its format begins.
#[test]
#[ignore = "overwrites the fixture"]
fn write_the_first_bundle() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let file = serde_json::to_string(&bundle(&log(7))).expect("a bundle is JSON");
    std::fs::write(format!("{folder}/bundle-v1.json"), file + "\n").expect("the bundle can be written");
    std::fs::write(format!("{folder}/bundle-v1.key"), format!("{}\n", signer(1).key()))
        .expect("the key can be written");
}
