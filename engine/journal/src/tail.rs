//! Whether the last write to the log was torn. RocksDB cuts an incomplete last
//! record without a word, and refuses one that has holes; this looks before it
//! does, so that the cut is told, and a write that only the power interrupted
//! keeps no node from starting.
//!
//! A write-ahead log of RocksDB is blocks of 32 KiB, filled with fragments: a
//! checksum (4 bytes), a length (2), a kind (1), the data. A write is one `FULL`
//! fragment, or `FIRST`, `MIDDLE`…, `LAST`; a block's last bytes are padding
//! where no header fits. The checksum is CRC-32C over kind and data, rotated and
//! shifted (RocksDB calls it masked).
//!
//! Each write is synced before the next begins. So damage with a later write
//! behind it was done to what was durable, and is no torn write.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const BLOCK: usize = 32 * 1024;
const HEADER: usize = 7;

/// Kinds of fragments.
const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// An unfinished write at the end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    pub(crate) file: PathBuf,
    /// What is whole before it.
    pub(crate) whole: u64,
    /// What there is of it.
    pub(crate) bytes: u64,
}

impl Torn {
    /// Removes it, durably.
    pub(crate) fn cut(&self) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.file)?;
        file.set_len(self.whole)?;
        file.sync_all()
    }
}

/// Looks at the newest write-ahead log of a database that nobody has open.
pub(crate) fn torn_tail(database: &Path) -> io::Result<Option<Torn>> {
    let mut logs = Vec::new();
    let listing = match fs::read_dir(database) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    for file in listing {
        let file = file?;
        let path = file.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        if let (Some(number), Some("log")) = (number, path.extension().and_then(|e| e.to_str()))
            && file.metadata()?.len() > 0
        {
            logs.push((number, path));
        }
    }
    let Some((_, path)) = logs.into_iter().max() else { return Ok(None) };
    let end = End::of(File::open(&path)?)?;
    Ok(end.torn().map(|bytes| Torn { file: path, whole: end.whole, bytes }))
}

/// Where a write-ahead log or a manifest, which is written alike, is damaged or
/// ends within a write: the byte behind the last whole one. None when it does
/// neither.
pub(crate) fn unfinished(file: &Path) -> io::Result<Option<u64>> {
    let end = End::of(File::open(file)?)?;
    Ok((end.damaged || end.length > end.whole).then_some(end.whole))
}

/// How a log ends.
#[derive(Default)]
struct End {
    length: u64,
    /// Where the last finished write ends, before any damage.
    whole: u64,
    in_write: bool,
    damaged: bool,
    /// A write stands behind the damage.
    goes_on: bool,
}

impl End {
    fn of(mut log: impl Read) -> io::Result<Self> {
        let mut end = Self::default();
        let mut block = Vec::with_capacity(BLOCK);
        loop {
            block.clear();
            log.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
            end.take(&block);
            if block.len() < BLOCK || end.goes_on {
                return Ok(end);
            }
        }
    }

    /// Bytes of an unfinished last write; none when there is none, or when what
    /// is damaged is not the last.
    fn torn(&self) -> Option<u64> {
        Some(self.length - self.whole).filter(|bytes| *bytes > 0 && !self.goes_on)
    }

    fn take(&mut self, block: &[u8]) {
        let mut at = 0;
        while block.len() - at >= HEADER {
            let Some((kind, length)) = fragment(&block[at..]) else {
                self.damaged = true;
                // Nothing says where the next fragment would begin.
                let begins = |from: &usize| fragment(&block[*from..]).is_some_and(|(kind, _)| kind < MIDDLE);
                self.goes_on |= (at + 1..block.len()).any(|from| begins(&from));
                break;
            };
            at += length;
            self.goes_on |= self.damaged && kind < MIDDLE;
            self.in_write = kind == FIRST || kind == MIDDLE;
            if !self.in_write && !self.damaged {
                self.whole = self.length + at as u64;
            }
        }
        self.length += block.len() as u64;
        // Padding belongs to the write before it.
        if !self.in_write && !self.damaged && block.len() == BLOCK && BLOCK - at < HEADER {
            self.whole = self.length;
        }
    }
}

/// Kind and length, with the header, of the whole fragment that stands here;
/// none when there is no such thing.
fn fragment(bytes: &[u8]) -> Option<(u8, usize)> {
    let [a, b, c, d, low, high, kind] = *bytes.first_chunk::<HEADER>()?;
    let length = HEADER + usize::from(u16::from_le_bytes([low, high]));
    // The checksum last: it reads everything.
    let is_whole = (FULL..=LAST).contains(&kind)
        && length <= bytes.len()
        && masked(crc32c(&bytes[HEADER - 1..length])) == u32::from_le_bytes([a, b, c, d]);
    is_whole.then_some((kind, length))
}

/// As RocksDB stores a checksum (`util/crc32c.h`).
const fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (RFC 3720), a byte at a time.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| (crc >> 8) ^ CRC32C[((crc ^ u32::from(*byte)) & 0xff) as usize])
}

const CRC32C: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: u8, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        bytes.extend_from_slice(&u16::try_from(len).unwrap().to_le_bytes());
        bytes.push(kind);
        bytes.resize(HEADER + len, 0xab);
        let sum = masked(crc32c(&bytes[HEADER - 1..]));
        bytes[..4].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    #[track_caller]
    fn check(log: &[u8], expected: impl Into<Option<u64>>) {
        let end = End::of(log).unwrap();
        assert_eq!(end.torn(), expected.into());
        if let Some(torn) = end.torn() {
            check(&log[..log.len() - torn as usize], None);
        }
    }

    #[test]
    fn the_checksum_is_crc32c() {
        // RFC 3720, B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn only_an_unfinished_write_at_the_end_is_torn() {
        check(&[], None);
        let full = written(FULL, 100);
        check(&full, None);
        check(&[&full[..], &full[..50]].concat(), 50);
        check(&[&full[..], &full[..3]].concat(), 3);
        check(&[&full[..], &[0; 40]].concat(), 40);

        // One write over three blocks.
        let first = written(FIRST, BLOCK - full.len() - HEADER);
        let middle = written(MIDDLE, BLOCK - HEADER);
        let last = written(LAST, 10);
        let whole = [full.clone(), first.clone(), middle.clone(), last].concat();
        check(&whole, None);
        check(&whole[..2 * BLOCK], (2 * BLOCK - full.len()) as u64);
        check(&whole[..BLOCK + 9], (BLOCK + 9 - full.len()) as u64);

        // A block that ends in padding.
        let nearly = written(FULL, BLOCK - HEADER - 5);
        check(&[&nearly[..], &[0; 5], &full[..]].concat(), None);
        check(&[&nearly[..], &[0; 5]].concat(), None);
        check(&[&nearly[..], &[0; 5], &full[..20]].concat(), 20);
    }

    #[test]
    fn holes_in_the_last_write_are_torn_and_damage_before_it_is_not() {
        let full = written(FULL, 100);
        let holed = |log: &[u8], from: usize, to: usize| {
            let mut log = log.to_vec();
            log[from..to].fill(0);
            log
        };
        let two = [&full[..], &full[..]].concat();
        for (from, to) in [(107, 108), (107, 114), (110, 120), (150, 200), (113, 114)] {
            check(&holed(&two, from, to), 107);
            // The same in the one before: something durable was damaged.
            check(&holed(&two, from - 107, to - 107), None);
        }

        // One write over three blocks, each of its parts missing.
        let first = written(FIRST, BLOCK - full.len() - HEADER);
        let long = [full.clone(), first, written(MIDDLE, BLOCK - HEADER), written(LAST, 10)].concat();
        let torn = (long.len() - full.len()) as u64;
        for from in [full.len(), BLOCK - 100, BLOCK, BLOCK + 3, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 8] {
            check(&holed(&long, from, from + 5), torn);
            // With another write behind it.
            check(&[&holed(&long, from, from + 5)[..], &full[..]].concat(), None);
        }
    }
}
