//! Files that a verb is given: read whole, and no more than they can sensibly be.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::fault::{Fault, While};

/// Bytes of the longest file that is read whole. A bundle of a lease with a
/// heartbeat every ten seconds for a year is below it.
const BYTES_MAX: u64 = 1 << 30;

/// The bytes of a file, which may be a shell's `<(…)`.
///
/// # Errors
/// When it cannot be read, goes on and on, or is no file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Fault> {
    let what = format!("reading {}", path.display());
    read(open(path).or_fault(&what)?, BYTES_MAX).or_fault(&what)
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

/// Opens what holds something to be read. Who opens a pipe by its name waits for
/// somebody to write into it, and a device has an end when it likes.
fn open(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    let is_open = ["/dev/fd", "/proc/self/fd"].iter().any(|open| path.starts_with(open));
    let what = match () {
        () if kind.is_fifo() && !is_open => "a pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => return File::open(path),
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, and no file")))
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
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let (file, socket) = (dir.path().join("file"), dir.path().join("socket"));
        fs::write(&file, "x").unwrap();
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(bytes(&file).unwrap(), b"x");
        for (path, what) in [(&pipe, "a pipe"), (&socket, "a socket"), (&"/dev/zero".into(), "a device")] {
            let refusal = bytes(path).unwrap_err().to_string();
            assert!(refusal.ends_with(&format!("it is {what}, and no file")), "{refusal}");
            assert!(text(path).is_err());
        }
    }

    #[test]
    fn a_file_without_an_end_is_read_to_its_bound() {
        assert_eq!(read(io::repeat(7).take(8), 8).unwrap(), [7; 8]);
        assert!(read(io::repeat(7), 8).unwrap_err().to_string().contains("longer than 8 bytes"));
    }
}
