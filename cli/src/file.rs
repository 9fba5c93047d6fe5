//! Files that a verb is given: read whole, and no more than they can sensibly be.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::fault::{Fault, While};

/// Bytes of the longest file that is read whole. A bundle of a lease with a
/// heartbeat every ten seconds for a year is below it.
const BYTES_MAX: u64 = 1 << 30;

/// The bytes of a file, which may be a pipe.
///
/// # Errors
/// When it cannot be read, or goes on and on.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Fault> {
    let what = format!("reading {}", path.display());
    read(File::open(path).or_fault(&what)?, BYTES_MAX).or_fault(&what)
}

/// The same as text; `-` is standard input.
///
/// # Errors
/// As [`bytes`], and when it is no text.
pub(crate) fn text(path: &Path) -> Result<String, Fault> {
    if path != Path::new("-") {
        return String::from_utf8(bytes(path)?).or_fault(&format!("reading {}", path.display()));
    }
    let what = "reading standard input";
    String::from_utf8(read(io::stdin(), BYTES_MAX).or_fault(what)?).or_fault(what)
}

fn read(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is longer than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_read_to_its_bound() {
        assert_eq!(read(io::repeat(7).take(8), 8).unwrap(), [7; 8]);
        assert!(read(io::repeat(7), 8).unwrap_err().to_string().contains("longer than 8 bytes"));
    }
}
