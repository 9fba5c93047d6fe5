//! A bundle's record, field by field: what is changed in it is refused, or the
//! report says that it is not vouched for.

use berth_audit::{Bundle, BundleFault};
use serde_json::{Value, json};

use crate::bundles::{bundle, bundle_of, signer};
use crate::{log, state};

/// The honest values of which each is another thing that can be read.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![json!(1), json!("completed"), json!("sha256:1"), json!("11".repeat(32))],
        Value::Bool(is) => vec![json!(!is)],
        Value::Number(number) => vec![json!(number.as_u64().expect("a whole number") + 1), json!(0), Value::Null],
        Value::String(text) => {
            let hash = "22".repeat(32);
            let texts = ["stopped", "Three", "failed", "sha256:1", "0.0000002", "7", "CPU", "H200-141", hash.as_str()];
            let mut others: Vec<_> = texts.into_iter().map(|text| json!(text)).collect();
            others.extend([json!(format!("{text}x")), json!(""), Value::Null]);
            others
        }
        Value::Array(items) => vec![json!([]), json!([items.clone(), items.clone()].concat())],
        Value::Object(_) => Vec::new(),
    }
}

/// Every place below a value, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.to_owned());
    }
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| places(value, &format!("{at}/{i}"), found));
        }
        _ => {}
    }
}

fn check(bundle: &Value) -> Result<Vec<String>, BundleFault> {
    let report = Bundle::read(bundle.to_string().as_bytes())?.verify(signer(1).key())?;
    Ok(report.not_checked)
}

#[test]
fn a_changed_field_of_the_record_is_refused_or_said_not_to_be_checked() {
    let honest = serde_json::to_value(bundle(&log(7))).expect("a bundle is JSON");
    let not_checked = check(&honest).expect("all of it holds");
    let mut all = Vec::new();
    places(&honest["lease"], "/lease", &mut all);
    let mut refused = 0;
    for place in &all {
        let field = format!("lease.{}", place.split('/').nth(2).unwrap_or_default());
        for other in others(honest.pointer(place).expect("it is there")) {
            let mut forged = honest.clone();
            let slot = forged.pointer_mut(place).expect("it is there");
            if *slot == other {
                continue;
            }
            *slot = other.clone();
            match check(&forged) {
                Err(_) => refused += 1,
                Ok(told) => {
                    assert_eq!(told, not_checked);
                    assert!(not_checked.contains(&field), "{place} as {other} is believed");
                }
            }
        }
    }
    assert!(refused > 100, "{refused} changes were refused");
    let fields = honest["lease"].as_object().expect("an object").keys();
    let vouched = fields.filter(|field| !not_checked.contains(&format!("lease.{field}"))).count();
    assert!(vouched > 20, "only {vouched} fields are checked");
}

#[test]
fn a_field_that_no_bundle_has_is_refused_wherever_it_stands() {
    let honest = serde_json::to_value(bundle(&log(7))).expect("a bundle is JSON");
    for place in ["", "/lease", "/lease/containers/0", "/proof", "/proof/steps/0", "/entries/0"] {
        let mut forged = honest.clone();
        forged.pointer_mut(place).expect("it is there")["note"] = "paid twice".into();
        let fault = check(&forged).expect_err("nobody knows it").to_string();
        assert!(fault.contains("note"), "{place}: {fault}");
    }
}

/// Whatever became of a lease: its honest bundle is sound.
#[test]
fn honest_bundles_of_all_leases_are_sound() {
    let (mut sound, mut states) = (0, std::collections::BTreeSet::new());
    for seed in 1..=24 {
        let log = log(seed);
        let x = state(&log);
        for lease in x.leases().filter(|lease| !lease.proof.is_empty()) {
            let file = serde_json::to_vec(&bundle_of(&log, &x, lease)).expect("a bundle is JSON");
            let bundle = Bundle::read(&file).unwrap_or_else(|fault| panic!("seed {seed}, lease {}: {fault}", lease.id));
            match bundle.verify(signer(1).key()) {
                Ok(_) => {}
                // Some of the world's people sign as nobody can: of these the rest is
                // not looked at.
                Err(BundleFault::Signature(_)) => continue,
                Err(fault) => panic!("seed {seed}, lease {}: {fault}", lease.id),
            }
            sound += 1;
            states.insert((lease.state.as_str(), lease.reason.map(|reason| reason.as_str())));
        }
    }
    assert!(sound > 100 && states.len() > 8, "{sound} leases ended as {states:?}");
}
