//! Bundles of a lease: whatever somebody sends, and a sound one with changes.

use std::sync::LazyLock;

use berth_audit::{Bundle, BundleReport};
use berth_merkle::NoteKey;
use serde_json::Value;

const SOUND: &str = include_str!("../../../audit/tests/golden/bundle-v1.json");
const KEY: &str = include_str!("../../../audit/tests/golden/bundle-v1.key");

/// Bytes of one change: where, how, and to what.
const CHANGE: usize = 6;
const CHANGES_MAX: usize = 4;

/// What a number or a text becomes.
const EXTREMES: [&str; 12] = [
    "0",
    "1",
    "-1",
    "4294967295",
    "9223372036854775807",
    "18446744073709551615",
    "1e300",
    "null",
    "\"\"",
    "\"922337203685.4775807\"",
    "[]",
    "{}",
];

/// The sound bundle, as JSON and as what it says.
struct Sound {
    json: Value,
    /// Where its numbers, texts and the like stand.
    leaves: Vec<String>,
    key: NoteKey,
    report: BundleReport,
}

static IT: LazyLock<Sound> = LazyLock::new(|| {
    let json: Value = serde_json::from_str(SOUND).expect("the sound bundle is JSON");
    let mut leaves = Vec::new();
    find_leaves(&json, String::new(), &mut leaves);
    let key: NoteKey = KEY.trim().parse().expect("its key is one");
    let sound: Bundle = serde_json::from_str(SOUND).expect("the sound bundle reads");
    let report = sound.verify(&key).unwrap_or_else(|fault| panic!("the sound bundle is sound: {fault}"));
    Sound { json, leaves, key, report }
});

/// Reads bytes as a bundle: those that begin as JSON does, as they are; others
/// say what is changed in a sound one.
///
/// # Panics
/// When reading or checking panics, or a changed bundle is accepted and says
/// other things than the sound one.
pub fn bundle(bytes: &[u8]) {
    if bytes.starts_with(b"{") {
        let _ = check(bytes, &IT.key);
        return;
    }
    let changes = || bytes.as_chunks::<CHANGE>().0.iter().take(CHANGES_MAX);
    let mut json = IT.json.clone();
    for change in changes() {
        change_value(&mut json, change);
    }
    let mut file = serde_json::to_vec(&json).expect("JSON can be written");
    for change in changes() {
        change_byte(&mut file, change);
    }
    if let Some(report) = check(&file, &IT.key) {
        assert_eq!(report, IT.report, "what was changed is believed");
    }
}

/// What a file says of itself when all of it holds.
fn check(file: &[u8], key: &NoteKey) -> Option<BundleReport> {
    let bundle = Bundle::read(file).ok()?;
    bundle.verify(key).ok()
}

fn change_value(json: &mut Value, &[a, b, c, d, how, to]: &[u8; CHANGE]) {
    if how % 5 == 3 {
        let leaf = &IT.leaves[u32::from_le_bytes([a, b, c, d]) as usize % IT.leaves.len()];
        let value = serde_json::from_str(EXTREMES[usize::from(to) % EXTREMES.len()]).expect("these are JSON");
        // An earlier change may have taken what it stood in.
        if let Some(place) = json.pointer_mut(leaf) {
            *place = value;
        }
    }
}

fn change_byte(file: &mut [u8], &[a, b, c, d, how, to]: &[u8; CHANGE]) {
    let at = u32::from_le_bytes([a, b, c, d]) as usize % file.len();
    match how % 5 {
        0 => file[at] ^= 1 << (to % 8),
        1 => file[at] = file[at].wrapping_add(1),
        2 => file[at] = to,
        // A value was changed, or fewer changes are some, too.
        _ => {}
    }
}

fn find_leaves(json: &Value, path: String, out: &mut Vec<String>) {
    match json {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| find_leaves(value, format!("{path}/{name}"), out))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| find_leaves(value, format!("{path}/{at}"), out));
        }
        _ => out.push(path),
    }
}
