//! One lease for a third party: everything that is needed to check it, in one
//! file, without a node and without trust in whoever wrote the file.

mod fault;
mod record;

use berth_domain::codec::{Decode as _, Encode as _};
use berth_domain::{Authority, CloseReason, Command, Digest, Entry, LeaseId, Seq, Stroops};
use berth_merkle::{Checkpoint, InclusionProof, NoteKey};
use berth_wire::proof::ProofChain;
use berth_wire::response::Lease;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::fault::BundleFault;

/// What the first field of every bundle says.
const FORMAT: &str = "berth/lease-bundle@v1";

/// A lease's record, its proof chain, and every entry of the log that touched it
/// or its order and bid, each with a proof that it stands in the signed tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bundle {
    /// `berth/lease-bundle@v1`.
    pub format: String,
    /// The lease as the state had it when the bundle was made.
    pub lease: Lease,
    /// Its proof chain.
    pub proof: ProofChain,
    /// The genesis, then the entries in the order of the log.
    pub entries: Vec<BundledEntry>,
}

/// An entry and its place in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundledEntry {
    /// Its canonical bytes in hexadecimal.
    pub bytes: String,
    /// C2SP `tlog-proof`: inclusion of its hash, with the signed checkpoint.
    pub proof: String,
}

/// What a check of a bundle came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleReport {
    /// Hash of the genesis entry, which names the log.
    pub log_id: String,
    /// The lease.
    pub lease_id: u64,
    /// Entries, all of which stand in the signed tree.
    pub entries: u64,
    /// Those that carry a signature of whoever gave them.
    pub signed: u64,
    /// Those that rest on the operator's word alone.
    pub operator_attested: u64,
    /// Those that the exchange made itself: facts of the chain, and time.
    pub by_the_exchange: u64,
    /// Entries of the largest tree that a checkpoint in it is of.
    pub checkpoint_size: u64,
    /// Steps of the proof chain, of nine.
    pub steps: u64,
    /// Whether the log says that the contract paid, with the amounts of the
    /// record.
    pub settled: bool,
    /// Fields that agree with the proof chain, and of which no entry here speaks:
    /// as true as the word of whoever made the bundle.
    pub by_the_chain_alone: Vec<String>,
    /// What nothing in the bundle says; it is not vouched for.
    pub not_checked: Vec<String>,
}

impl Bundle {
    /// Puts a bundle together.
    #[must_use]
    pub fn new(lease: Lease, proof: ProofChain, entries: &[(Entry, InclusionProof)]) -> Self {
        let entries = entries
            .iter()
            .map(|(entry, proof)| BundledEntry { bytes: hex::encode(entry.to_bytes()), proof: proof.to_string() });
        Self { format: FORMAT.to_owned(), lease, proof, entries: entries.collect() }
    }

    /// Reads a bundle. What no check would look at must not be in it.
    ///
    /// # Errors
    /// When it is no bundle, or has a field that no bundle has.
    pub fn read(file: &[u8]) -> Result<Self, BundleFault> {
        let no_bundle = |why: serde_json::Error| BundleFault::NoBundle(why.to_string());
        let bundle: Self = serde_json::from_slice(file).map_err(no_bundle)?;
        let told: Value = serde_json::from_slice(file).map_err(no_bundle)?;
        let known = serde_json::to_value(&bundle).map_err(no_bundle)?;
        match unknown(&told, &known, "") {
            Some(field) => Err(BundleFault::Unknown(field)),
            None => Ok(bundle),
        }
    }

    /// Checks it, from the file and the log's key alone. What cannot be checked
    /// from these the report names.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify(&self, key: &NoteKey) -> Result<BundleReport, BundleFault> {
        if self.format != FORMAT {
            return Err(BundleFault::Format);
        }
        let mut read = Vec::new();
        let mut checkpoint_size = 0;
        for (at, bundled) in self.entries.iter().enumerate() {
            let (entry, checkpoint) = bundled.verify(at, key)?;
            if read.last().is_some_and(|last: &Entry| last.seq >= entry.seq) {
                return Err(BundleFault::Order(entry.seq));
            }
            checkpoint_size = checkpoint_size.max(checkpoint.size);
            read.push(entry);
        }
        let genesis = read.first().filter(|entry| matches!(entry.command, Command::Genesis(_)));
        let log_id = genesis.ok_or(BundleFault::NoGenesis)?.hash();
        if let Some(entry) = read.iter().find(|entry| entry.is_signed_well(log_id) == Some(false)) {
            return Err(BundleFault::Signature(entry.seq));
        }
        self.check_steps(&read)?;
        let settled = self.check_money(&read)?;
        let said = record::check(&self.lease, &self.proof, &read)?;
        let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let count = |wanted: fn(&Authority) -> bool| read.iter().filter(|it| wanted(&it.authority)).count() as u64;
        Ok(BundleReport {
            log_id: log_id.to_string(),
            lease_id: self.lease.id,
            entries: read.len() as u64,
            signed: count(Authority::is_signed),
            operator_attested: count(Authority::is_attested),
            by_the_exchange: count(|authority| matches!(authority, Authority::Exchange)),
            checkpoint_size,
            steps: self.proof.steps.len() as u64,
            settled,
            by_the_chain_alone: names(said.by_the_chain),
            not_checked: names(said.not_checked),
        })
    }

    /// Every step of the proof chain cites an entry that is here.
    fn check_steps(&self, entries: &[Entry]) -> Result<(), BundleFault> {
        if self.proof.lease_id != self.lease.id {
            return Err(BundleFault::OtherLease(self.proof.lease_id));
        }
        self.proof.check()?;
        for step in &self.proof.steps {
            if !entries.iter().any(|entry| entry.seq == Seq(step.seq)) {
                return Err(BundleFault::Uncited { step: step.number, seq: Seq(step.seq) });
            }
        }
        Ok(())
    }

    /// The amounts follow from price and evidence, and what the contract paid are
    /// those amounts.
    fn check_money(&self, entries: &[Entry]) -> Result<bool, BundleFault> {
        let lease = &self.lease;
        let units = i128::from(lease.units) * i128::from(lease.replicas);
        let rate = i128::from(lease.price.get()) * units;
        let amount = |amount: Stroops| i128::from(amount.get());
        if rate != amount(lease.rate_per_hour) {
            return Err(BundleFault::Money("ratePerHour"));
        }
        if lease.closed_at.is_some() {
            let owed = (rate * i128::from(lease.evidenced_seconds) / 3_600).min(amount(lease.escrow));
            // What failed its check or never ran is paid nothing.
            if amount(lease.cost) != owed && amount(lease.cost) != 0 {
                return Err(BundleFault::Money("cost"));
            }
        }
        let paid = entries.iter().find_map(|entry| match entry.command {
            Command::SettlementPaid(paid) if paid.lease == LeaseId(lease.id) => Some(paid),
            _ => None,
        });
        let Some(paid) = paid else { return Ok(false) };
        // The record tells what it would have cost, also of what nothing is paid for.
        let is_unpaid = lease.reason.is_some_and(CloseReason::is_unpaid);
        let pay = if is_unpaid { 0 } else { amount(lease.cost) };
        let refund = amount(lease.escrow) - pay;
        let agrees = [
            ("cost", amount(paid.pay) == pay),
            ("fee", amount(paid.fee) == amount(lease.fee)),
            ("escrow", amount(paid.refund) == refund),
        ];
        match agrees.into_iter().find(|(_, agrees)| !agrees) {
            Some((field, _)) => Err(BundleFault::Money(field)),
            None => Ok(true),
        }
    }
}

impl BundledEntry {
    /// The entry, and the signed checkpoint of a tree in which it stands.
    fn verify(&self, at: usize, key: &NoteKey) -> Result<(Entry, Checkpoint), BundleFault> {
        let bytes = hex::decode(&self.bytes).map_err(|_| BundleFault::Bytes(at))?;
        let entry = Entry::from_bytes(&bytes).map_err(|_| BundleFault::Bytes(at))?;
        let proof: InclusionProof = self.proof.parse().map_err(|source| BundleFault::Proof { at, source })?;
        let checkpoint = proof.verify(key).map_err(|source| BundleFault::Proof { at, source })?;
        let hash: Digest = entry.hash();
        if proof.entry != hash || proof.index.checked_add(1) != Some(entry.seq.0) {
            return Err(BundleFault::Elsewhere(entry.seq));
        }
        Ok((entry, checkpoint))
    }
}

/// The first field that is told and not known, as a JSON path.
fn unknown(told: &Value, known: &Value, path: &str) -> Option<String> {
    match (told, known) {
        (Value::Object(told), Value::Object(known)) => told.iter().find_map(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match known.get(name) {
                Some(known) => unknown(value, known, &path),
                None => Some(path),
            }
        }),
        (Value::Array(told), Value::Array(known)) => {
            let mut pairs = told.iter().zip(known).enumerate();
            pairs.find_map(|(at, (told, known))| unknown(told, known, &format!("{path}[{at}]")))
        }
        _ => None,
    }
}
