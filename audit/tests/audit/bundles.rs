//! Bundles of the leases of a simulated world, honest and forged.

use std::convert::Infallible;

use berth_audit::{Bundle, BundleFault, BundledEntry, Story};
use berth_domain::codec::{Decode as _, Encode as _};
use berth_domain::{Digest, Entry, Stroops};
use berth_exchange::{Exchange, Lease};
use berth_merkle::{
    Checkpoint, InclusionProof, NoteSigner, ProofFileError, Tile, Tiles, inclusion, leaf_hash, node_hash, root_at,
};
use ed25519_dalek::SigningKey;

use crate::{Player, log, state};

/// A tree out of its leaves: every node is computed anew.
struct Leaves(Vec<Digest>);

impl Tiles for Leaves {
    type Error = Infallible;

    fn read(&self, tile: Tile) -> Result<Vec<Digest>, Infallible> {
        let span = 1_usize << (8 * tile.level);
        let first = usize::try_from(tile.index).expect("a small tree") * 256;
        let node = |at: usize| perfect(&self.0[at * span..(at + 1) * span]);
        Ok((first..first + usize::from(tile.width)).map(node).collect())
    }
}

fn perfect(leaves: &[Digest]) -> Digest {
    if let [one] = leaves {
        return *one;
    }
    let (left, right) = leaves.split_at(leaves.len() / 2);
    node_hash(&perfect(left), &perfect(right))
}

pub(crate) fn signer(byte: u8) -> NoteSigner {
    NoteSigner::new("berth.example/log", SigningKey::from_bytes(&[byte; 32])).expect("a name without spaces")
}

/// The bundle of a lease that was paid, and of which nothing was signed: in these
/// worlds signatures are empty words.
pub(crate) fn bundle(log: &[Entry]) -> Bundle {
    let x = state(log);
    let paid = x.leases().filter(|lease| lease.paid_at.is_some() && lease.pay > Stroops::ZERO);
    let mut bundles = paid.map(|lease| bundle_of(log, &x, lease));
    let is_signed = |it: &BundledEntry| {
        let bytes = hex::decode(&it.bytes).expect("hexadecimal");
        Entry::from_bytes(&bytes).expect("an entry").authority.is_signed()
    };
    bundles.find(|bundle| !bundle.entries.iter().any(is_signed)).expect("a lease is paid")
}

/// The bundle of a lease, as the command makes it.
pub(crate) fn bundle_of(log: &[Entry], x: &Exchange, lease: &Lease) -> Bundle {
    let mut story = Story::of(lease.id.into()).with(lease.order).with(lease.bid);
    let mut player = Player::new();
    let mut entries = vec![log[0].clone()];
    for entry in log {
        let moment = player.play(entry).expect("the world's log is valid");
        if story.hear(&moment).is_some() && entry.seq.0 > 1 {
            entries.push(entry.clone());
        }
    }
    let tree = Leaves(log.iter().map(|entry| leaf_hash(&entry.hash().0)).collect());
    let size = log.len() as u64;
    let Ok(root) = root_at(&tree, size);
    let checkpoint =
        signer(1).sign(&Checkpoint::with_state("berth.example/log", size, root, x.state_hash().root()).to_string());
    let proved = entries.into_iter().map(|entry| {
        let index = entry.seq.0 - 1;
        let Ok(hashes) = inclusion(&tree, index, size);
        let proof = InclusionProof { entry: entry.hash(), index, hashes, checkpoint: checkpoint.clone() };
        (entry, proof)
    });
    let proved: Vec<_> = proved.collect();
    Bundle::new(berth_render::lease(x, lease), berth_render::proof(lease), &proved)
}

#[test]
fn a_bundle_is_checked_from_the_file_and_the_key_alone() {
    let log = log(7);
    let bundle = bundle(&log);
    let file = serde_json::to_string(&bundle).expect("a bundle is JSON");
    let read: Bundle = serde_json::from_str(&file).expect("a bundle reads back");
    assert_eq!(read, bundle);
    let report = read.verify(signer(1).key()).expect("all of it holds");
    assert_eq!(report.entries, bundle.entries.len() as u64);
    assert_eq!(report.entries, report.signed + report.operator_attested + report.by_the_exchange);
    assert_eq!((report.log_id, report.checkpoint_size), (log[0].hash().to_string(), log.len() as u64));
    assert!(report.settled && report.steps >= 5, "{} steps", report.steps);
}

#[test]
fn a_forged_bundle_is_found_out() {
    let bundle = bundle(&log(7));
    let key = signer(1);
    let forged = |forge: fn(&mut Bundle)| {
        let mut bundle = bundle.clone();
        forge(&mut bundle);
        bundle.verify(key.key()).expect_err("it is forged")
    };
    assert!(matches!(
        bundle.verify(signer(2).key()),
        Err(BundleFault::Proof { at: 0, source: ProofFileError::Note(_) })
    ));
    assert_eq!(forged(|it| it.format.push('x')), BundleFault::Format);
    assert_eq!(forged(|it| it.entries[1].bytes.push('0')), BundleFault::Bytes(1));
    assert_eq!(forged(|it| drop(it.entries.remove(0))), BundleFault::NoGenesis);
    assert!(matches!(forged(|it| it.entries.swap(1, 2)), BundleFault::Order(_)));
    assert!(matches!(
        forged(|it| {
            let mut bytes = hex::decode(&it.entries[1].bytes).expect("hexadecimal");
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            it.entries[1].bytes = hex::encode(bytes);
        }),
        BundleFault::Elsewhere(_) | BundleFault::Bytes(1)
    ));
    assert!(matches!(forged(|it| it.entries[1].proof = it.entries[2].proof.clone()), BundleFault::Elsewhere(_)));
    assert!(matches!(
        forged(|it| it.entries[1].proof = it.entries[1].proof.replacen("index ", "index 1", 1)),
        BundleFault::Proof { at: 1, .. }
    ));
    assert_eq!(forged(|it| it.proof.lease_id += 1), BundleFault::OtherLease(bundle.proof.lease_id + 1));
    assert!(matches!(forged(|it| it.proof.steps[2].seq += 1), BundleFault::Chain(_)));
    let cited = bundle.proof.steps[2].seq;
    let uncited = forged(|it| {
        let cited = it.proof.steps[2].seq;
        it.entries.retain(|entry| {
            let bytes = hex::decode(&entry.bytes).expect("hexadecimal");
            let entry = Entry::from_bytes(&bytes).expect("an entry");
            debug_assert_eq!(entry.to_bytes(), bytes);
            entry.seq.0 != cited
        });
    });
    assert!(matches!(uncited, BundleFault::Uncited { seq, .. } if seq.0 == cited), "{uncited}");
    let one = Stroops::new(1).expect("not negative");
    let dearer = move |it: &mut Bundle| it.lease.cost += one;
    let mut forged = bundle.clone();
    dearer(&mut forged);
    assert_eq!(forged.verify(key.key()), Err(BundleFault::Money("cost")));
    let mut forged = bundle;
    forged.lease.fee += one;
    assert_eq!(forged.verify(key.key()), Err(BundleFault::Money("fee")));
}
