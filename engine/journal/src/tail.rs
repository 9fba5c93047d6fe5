//! Whether the last write to the log was torn. RocksDB cuts an incomplete last
//! record without a word; this looks before it does, so that the cut is told.
//!
//! A write-ahead log of RocksDB is blocks of 32 KiB, filled with fragments: a
//! checksum (4 bytes), a length (2), a kind (1), the data. A write is one `FULL`
//! fragment, or `FIRST`, `MIDDLE`…, `LAST`; a block's last bytes are padding
//! where no header fits. Only the framing is read here: what the bytes say, and
//! whether they are whole, is for RocksDB and for recovery to check.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const BLOCK: usize = 32 * 1024;
const HEADER: usize = 7;

/// An unfinished write at the end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    pub(crate) file: PathBuf,
    pub(crate) bytes: u64,
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
    let bytes = unfinished_bytes(File::open(&path)?)?;
    Ok((bytes > 0).then_some(Torn { file: path, bytes }))
}

/// How many bytes at the end belong to no finished write.
fn unfinished_bytes(mut log: impl Read) -> io::Result<u64> {
    let mut block = Vec::with_capacity(BLOCK);
    let mut length = 0;
    let mut finished = 0;
    let mut in_write = false;
    loop {
        block.clear();
        log.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        let mut at = 0;
        while let Some(header) = block[at..].first_chunk::<HEADER>() {
            let [_, _, _, _, low, high, kind] = *header;
            let end = at + HEADER + usize::from(u16::from_le_bytes([low, high]));
            if end > block.len() || kind == 0 {
                break;
            }
            at = end;
            in_write = match kind {
                1 | 4 => false,
                2 | 3 => true,
                _ => in_write,
            };
            if !in_write {
                finished = length + at as u64;
            }
        }
        length += block.len() as u64;
        if block.len() < BLOCK {
            return Ok(length - finished);
        }
        // Padding belongs to the write before it.
        if !in_write && BLOCK - at < HEADER {
            finished = length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(kind: u8, len: usize) -> Vec<u8> {
        let mut bytes = vec![0xcc; 4];
        bytes.extend_from_slice(&u16::try_from(len).unwrap().to_le_bytes());
        bytes.push(kind);
        bytes.resize(HEADER + len, 0xab);
        bytes
    }

    #[track_caller]
    fn check(log: &[u8], expected: u64) {
        assert_eq!(unfinished_bytes(log).unwrap(), expected);
    }

    #[test]
    fn only_an_unfinished_write_at_the_end_is_torn() {
        check(&[], 0);
        let full = fragment(1, 100);
        check(&full, 0);
        check(&[&full[..], &full[..50]].concat(), 50);
        check(&[&full[..], &full[..3]].concat(), 3);
        check(&[&full[..], &[0; 40]].concat(), 40);

        // One write over three blocks.
        let first = fragment(2, BLOCK - full.len() - HEADER);
        let middle = fragment(3, BLOCK - HEADER);
        let last = fragment(4, 10);
        let whole = [full.clone(), first.clone(), middle.clone(), last].concat();
        check(&whole, 0);
        check(&whole[..2 * BLOCK], (2 * BLOCK - full.len()) as u64);
        check(&whole[..BLOCK + 9], (BLOCK + 9 - full.len()) as u64);

        // A block that ends in padding.
        let nearly = fragment(1, BLOCK - HEADER - 5);
        check(&[&nearly[..], &[0; 5], &full[..]].concat(), 0);
        check(&[&nearly[..], &[0; 5]].concat(), 0);
        check(&[&nearly[..], &[0; 5], &full[..20]].concat(), 20);
    }
}
