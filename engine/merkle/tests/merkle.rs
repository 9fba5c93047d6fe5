//! Trees and proofs against the recursion of RFC 6962 and against two
//! implementations that share no code with this one: `tlog_tiles` and
//! `signed_note`.

use std::collections::BTreeMap;
use std::convert::Infallible;

use berth_domain::Digest;
use berth_merkle::{
    Checkpoint, ConsistencyProof, InclusionProof, NoteError, NoteKey, NoteSigner, ProofError, ProofFileError,
    SignedNote, Tile, Tiles, Tree, consistency, empty_root, inclusion, leaf_hash, node_hash, root_at,
    verify_consistency, verify_inclusion,
};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use tlog_tiles::{Hash, HashReader as _, TileHashReader, TileReader};

/// The hash of an entry: any 32 bytes.
fn entry(index: u64) -> Digest {
    leaf_hash(&index.to_le_bytes())
}

fn leaves(size: u64) -> Vec<Digest> {
    (0..size).map(|index| leaf_hash(&entry(index).0)).collect()
}

/// MTH of RFC 6962, section 2.1, as it stands there.
fn mth(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// A tree and all tiles that it handed out; partial ones for its own size.
#[derive(Default)]
struct Kept {
    tree: Tree,
    tiles: BTreeMap<Tile, Vec<Digest>>,
}

impl Kept {
    fn new(size: u64) -> Self {
        let mut kept = Self::default();
        for leaf in leaves(size) {
            kept.tree.push(leaf, |tile, hashes| {
                assert!(tile.is_full() && hashes.len() == 256, "{tile}");
                assert!(kept.tiles.insert(tile, hashes.to_vec()).is_none(), "{tile} is handed out once");
            });
        }
        kept.tiles.extend(kept.tree.edge().map(|(tile, hashes)| (tile, hashes.to_vec())));
        kept
    }
}

impl Tiles for Kept {
    type Error = Infallible;

    fn read(&self, tile: Tile) -> Result<Vec<Digest>, Infallible> {
        let own = self.tiles.range(tile..).next().filter(|(own, _)| (own.level, own.index) == (tile.level, tile.index));
        let own = own.or_else(|| self.tiles.get_key_value(&tile.full()));
        let (_, hashes) = own.unwrap_or_else(|| panic!("{tile} is kept"));
        Ok(hashes[..usize::from(tile.width)].to_vec())
    }
}

impl TileReader for Kept {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            let width = u16::try_from(tile.width()).expect("at most 256");
            let tile = Tile { level: tile.level(), index: tile.level_index(), width };
            self.read(tile).unwrap().iter().flat_map(|hash| hash.0).collect()
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

fn foreign(hashes: &[Digest]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

#[test]
fn a_tree_has_the_root_of_its_leaves_at_every_size() {
    let leaves = leaves(1_100);
    let mut tree = Tree::new();
    assert_eq!(tree.root(), mth(&[]));
    for (at, leaf) in leaves.iter().enumerate() {
        tree.push(*leaf, |_, _| {});
        assert_eq!(tree.root(), mth(&leaves[..=at]), "size {}", at + 1);
    }
}

#[test]
fn three_levels_of_tiles_give_the_same_root() {
    let kept = Kept::new(256 * 256 + 300);
    let size = kept.tree.size();
    assert_eq!(
        kept.tree.edge().map(|(tile, _)| tile.to_string()).collect::<Vec<_>>(),
        ["tile/0/257.p/44", "tile/1/001.p/1", "tile/2/000.p/1"]
    );
    assert_eq!(kept.tree.root(), mth(&leaves(size)));
    assert_eq!(root_at(&kept, size), Ok(kept.tree.root()));
    for index in [0, 255, 256, 65_535, 65_536, size - 1] {
        let path = inclusion(&kept, index, size).unwrap();
        assert_eq!(verify_inclusion(&leaf_hash(&entry(index).0), index, size, &path, &kept.tree.root()), Ok(()));
    }
    for old in [1, 256, 65_535, 65_536, 65_537, size - 1] {
        let path = consistency(&kept, old, size).unwrap();
        let older = root_at(&kept, old).unwrap();
        assert_eq!(verify_consistency(old, size, &path, &older, &kept.tree.root()), Ok(()), "{old}");
    }
}

#[test]
fn a_tree_goes_on_from_its_edge() {
    for size in [0, 1, 255, 256, 257, 511, 512, 65_536, 65_900] {
        let kept = Kept::new(size);
        let mut again = Tree::resume(size, |tile| kept.read(tile)).unwrap();
        assert_eq!((again.size(), again.root()), (size, kept.tree.root()), "size {size}");
        let mut tree = kept.tree;
        for index in size..size + 600 {
            let (mut told, mut retold) = (Vec::new(), Vec::new());
            let leaf = leaf_hash(&entry(index).0);
            tree.push(leaf, |tile, hashes| told.push((tile, hashes.to_vec())));
            again.push(leaf, |tile, hashes| retold.push((tile, hashes.to_vec())));
            assert_eq!(retold, told);
        }
        assert_eq!(again.root(), tree.root());
    }
}

#[test]
fn every_small_proof_holds_and_is_the_other_implementations_too() {
    let kept = Kept::new(70);
    let roots: Vec<_> = (0..=70).map(|size| mth(&leaves(size))).collect();
    for size in 1..=70 {
        let root = roots[usize::try_from(size).unwrap()];
        let theirs = TileHashReader::new(size, Hash(root.0), &kept);
        assert_eq!(tlog_tiles::tree_hash(size, &theirs).unwrap(), Hash(root.0));
        for index in 0..size {
            let path = inclusion(&kept, index, size).unwrap();
            let leaf = leaf_hash(&entry(index).0);
            assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()), "{index} in {size}");
            assert_eq!(foreign(&path), tlog_tiles::prove_record(size, index, &theirs).unwrap());
        }
        for old in 0..=size {
            let path = consistency(&kept, old, size).unwrap();
            let older = roots[usize::try_from(old).unwrap()];
            assert_eq!(verify_consistency(old, size, &path, &older, &root), Ok(()), "{old} in {size}");
            if old > 0 {
                assert_eq!(foreign(&path), tlog_tiles::prove_tree(size, old, &theirs).unwrap(), "{old} in {size}");
            }
        }
    }
}

/// A reader that checks each tile against the root accepts ours.
#[test]
fn another_reader_takes_our_tiles() {
    let kept = Kept::new(2_000);
    let root = Hash(kept.tree.root().0);
    let reader = TileHashReader::new(2_000, root, &kept);
    for index in [0, 255, 256, 1_023, 1_999] {
        let leaf = Hash(leaf_hash(&entry(index).0).0);
        let stored = tlog_tiles::stored_hash_index(0, index);
        assert_eq!(reader.read_hashes(&[stored]).unwrap(), [leaf]);
        let path = foreign(&inclusion(&kept, index, 2_000).unwrap());
        tlog_tiles::check_record(&path, 2_000, root, index, leaf).unwrap();
    }
    for old in [1, 256, 700, 1_024, 1_999] {
        let path = foreign(&consistency(&kept, old, 2_000).unwrap());
        let older = Hash(root_at(&kept, old).unwrap().0);
        tlog_tiles::check_tree(&path, 2_000, root, old, older).unwrap();
    }
}

proptest! {
    #[test]
    fn a_changed_proof_proves_nothing(
        size in 1_u64..600, index in 0_u64..600, old in 0_u64..600, at in any::<prop::sample::Index>(), bit in 0_u8..8,
        more in any::<bool>(),
    ) {
        let (index, old) = (index % size, old % (size + 1));
        let kept = Kept::new(size);
        let root = kept.tree.root();
        let leaf = leaf_hash(&entry(index).0);
        let path = inclusion(&kept, index, size).unwrap();
        let older = root_at(&kept, old).unwrap();
        let steps = consistency(&kept, old, size).unwrap();
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
        prop_assert_eq!(verify_consistency(old, size, &steps, &older, &root), Ok(()));

        let change = |hashes: &[Digest]| {
            let mut hashes = hashes.to_vec();
            if more || hashes.is_empty() {
                hashes.push(root);
            } else {
                let byte = at.index(hashes.len() * 32);
                hashes[byte / 32].0[byte % 32] ^= 1 << bit;
            }
            hashes
        };
        prop_assert!(verify_inclusion(&leaf, index, size, &change(&path), &root).is_err());
        prop_assert!(verify_consistency(old, size, &change(&steps), &older, &root).is_err());
        prop_assert!(verify_inclusion(&node_hash(&leaf, &leaf), index, size, &path, &root).is_err());
        prop_assert_eq!(verify_inclusion(&leaf, size, size, &path, &root), Err(ProofError::Range));
        prop_assert_eq!(verify_consistency(size + 1, size, &steps, &older, &root), Err(ProofError::Range));
        if !path.is_empty() {
            prop_assert!(verify_inclusion(&leaf, index, size, &path[1..], &root).is_err());
        }
        if old > 0 && old < size {
            prop_assert!(verify_consistency(old, size, &steps, &root, &root).is_err());
            prop_assert!(verify_consistency(old, size, &steps[1..], &older, &root).is_err());
        }
    }

    #[test]
    fn paths_read_back(level in 0_u8..8, index: u64, width in 1_u16..=256) {
        let tile = Tile { level, index, width };
        prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        prop_assert_eq!(Tile::from_entries_path(&tile.entries_path()), Ok(Tile { level: 0, ..tile }));
        // The other implementation's path has the height in it.
        let theirs = tlog_tiles::Tile::new(8, level, index, width.into(), false).path();
        prop_assert_eq!(theirs.replacen("tile/8/", "tile/", 1), tile.to_string());
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC*|[-— a-zA-Z0-9+/=\n]{0,400}") {
        let _ = text.parse::<Tile>();
        let _ = text.parse::<SignedNote>();
        let _ = text.parse::<NoteKey>();
        let _ = text.parse::<Checkpoint>();
        let _ = text.parse::<InclusionProof>();
        let _ = text.parse::<ConsistencyProof>();
    }
}

fn signer(byte: u8) -> NoteSigner {
    NoteSigner::new("berth.example/log", SigningKey::from_bytes(&[byte; 32])).expect("a name without spaces")
}

#[test]
fn a_checkpoint_is_signed_as_the_specification_says() {
    let signer = signer(7);
    let key = signer.key();
    let checkpoint = Checkpoint::with_state("berth.example/log", 5, mth(&leaves(5)), entry(0));
    let note = signer.sign(&checkpoint.to_string());
    assert_eq!(note.to_string().parse(), Ok(note.clone()));
    assert_eq!(note.verify(key).unwrap().parse(), Ok(checkpoint.clone()));
    assert_eq!(checkpoint.state(), Some(entry(0)));

    // The other implementations read key, signature and text.
    let theirs = signed_note::StandardVerifier::new(&key.to_string()).unwrap();
    let list = signed_note::VerifierList::new(vec![Box::new(theirs)]);
    let read = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    assert_eq!(read.verify(&list).unwrap().0.len(), 1);
    let head = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
    assert_eq!((head.origin(), head.size(), head.hash().0), ("berth.example/log", 5, mth(&leaves(5)).0));

    // A key reads back; one whose name does not fit its hash is none.
    assert_eq!(key.to_string().parse().as_ref(), Ok(key));
    let renamed = key.to_string().replacen("berth", "porth", 1);
    assert_eq!(renamed.parse::<NoteKey>(), Err(NoteError::Key));
    assert!(matches!(NoteSigner::new("a b", SigningKey::from_bytes(&[1; 32])).map(|_| ()), Err(NoteError::Name)));
}

#[test]
fn only_the_key_that_signed_verifies() {
    let signed = signer(7);
    let note = signed.sign("berth.example/log\n1\nAA==\n");
    assert_eq!(note.verify(signer(8).key()), Err(NoteError::Unsigned));
    let altered: SignedNote = note.to_string().replacen("\n1\n", "\n2\n", 1).parse().unwrap();
    assert_eq!(altered.verify(signed.key()), Err(NoteError::Signature));
    // A second signature by the same key that does not fit spoils the note.
    let line = altered.to_string().lines().last().unwrap().to_owned();
    let forged = signed.sign("something else\n").to_string().lines().last().unwrap().to_owned();
    let both: SignedNote = format!("{note}{forged}\n").parse().unwrap();
    assert_eq!(both.verify(signed.key()), Err(NoteError::Signature));
    // Signatures of others do not matter.
    let others: SignedNote = format!("{note}{}\n", line.replacen("berth", "porth", 1)).parse().unwrap();
    assert!(others.verify(signed.key()).is_ok());
    for form in
        ["", "text", "text\n", "text\n\n", "text\n\n— a\n", "text\n\n- a AAAAAAA=\n", "text\r\n\n— a AAAAAAA=\n"]
    {
        assert_eq!(form.parse::<SignedNote>(), Err(NoteError::Form), "{form:?}");
    }
}

#[test]
fn a_proof_file_needs_only_the_key() {
    let kept = Kept::new(300);
    let signer = signer(3);
    let at = |size| {
        let root = root_at(&kept, size).unwrap();
        signer.sign(&Checkpoint::with_state("berth.example/log", size, root, entry(size)).to_string())
    };
    let proof =
        InclusionProof { entry: entry(41), index: 41, hashes: inclusion(&kept, 41, 300).unwrap(), checkpoint: at(300) };
    let read: InclusionProof = proof.to_string().parse().unwrap();
    assert_eq!(read, proof);
    assert_eq!(read.verify(signer.key()).unwrap().size, 300);
    let other = InclusionProof { entry: entry(42), ..proof.clone() };
    assert_eq!(other.verify(signer.key()), Err(ProofFileError::Proof(ProofError::Root)));
    assert_eq!(proof.verify(self::signer(4).key()), Err(ProofFileError::Note(NoteError::Unsigned)));

    let proof = ConsistencyProof { hashes: consistency(&kept, 77, 300).unwrap(), old: at(77), new: at(300) };
    let read: ConsistencyProof = proof.to_string().parse().unwrap();
    assert_eq!(read, proof);
    let (old, new) = read.verify(signer.key()).unwrap();
    assert_eq!((old.size, new.size), (77, 300));
    let swapped = ConsistencyProof { old: proof.new.clone(), new: proof.old.clone(), ..proof };
    assert_eq!(swapped.verify(signer.key()), Err(ProofFileError::Proof(ProofError::Range)));

    // A file that lacks a line says which.
    let text = InclusionProof { hashes: vec![entry(1)], ..read_first(&signer) }.to_string();
    for (line, number) in [("extra ", 2), ("index ", 3)] {
        let broken = text.replacen(line, "", 1);
        assert_eq!(broken.parse::<InclusionProof>(), Err(ProofFileError::Form(number)), "{line}");
    }
    assert_eq!(text.replacen("\nindex", "\nAA\nindex", 1).parse::<InclusionProof>(), Err(ProofFileError::Form(3)));
}

fn read_first(signer: &NoteSigner) -> InclusionProof {
    let checkpoint = Checkpoint { origin: "berth.example/log".into(), size: 1, root: entry(0), extensions: vec![] };
    InclusionProof { entry: entry(0), index: 0, hashes: vec![], checkpoint: signer.sign(&checkpoint.to_string()) }
}

/// The key signs for one log.
#[test]
fn a_checkpoint_of_another_log_is_refused() {
    let signer = signer(3);
    let checkpoint =
        Checkpoint { origin: "berth.example/other".into(), size: 1, root: leaf_hash(&entry(0).0), extensions: vec![] };
    let note = signer.sign(&checkpoint.to_string());
    let proof = InclusionProof { entry: entry(0), index: 0, hashes: vec![], checkpoint: note };
    assert_eq!(proof.verify(signer.key()), Err(ProofFileError::Origin));
}
