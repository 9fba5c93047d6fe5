//! Files of Swagger UI, as `utoipa-swagger-ui-vendored` brings them: a ZIP archive
//! in this program. What is compressed in it goes out as it is: a ZIP's deflated
//! bytes, with another head and end, are gzip's (RFC 1952).

use std::sync::LazyLock;

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

/// How a file is kept, as ZIP and gzip count their methods.
const STORED: usize = 0;
const DEFLATED: u8 = 8;

/// A file in the form of gzip.
pub(crate) struct File {
    name: &'static str,
    pub(crate) gzip: Vec<u8>,
}

/// The file with this name, of those that the page of documents needs.
pub(crate) fn file(name: &str) -> Option<&'static File> {
    const NEEDED: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];
    static FILES: LazyLock<Vec<File>> =
        LazyLock::new(|| NEEDED.iter().filter_map(|name| unpacked(SWAGGER_UI_VENDORED, name)).collect());
    FILES.iter().find(|file| file.name == name)
}

/// Looks a file up in the archive's directory.
fn unpacked(archive: &[u8], name: &'static str) -> Option<File> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: &[u8] = b"PK\x01\x02";
    let end = archive.windows(END.len()).rposition(|at| at == END)?;
    let mut at = number(archive, end + 16, 4)?;
    while archive.get(at..)?.starts_with(ENTRY) {
        let lengths = [28, 30, 32].map(|field| number(archive, at + field, 2));
        let [Some(name_len), Some(extra_len), Some(comment_len)] = lengths else { return None };
        let path = archive.get(at + 46..at + 46 + name_len)?;
        let is_asked_for = path.strip_suffix(name.as_bytes()).is_some_and(|folder| folder.ends_with(b"/dist/"));
        if is_asked_for {
            let (method, kept_len) = (number(archive, at + 10, 2)?, number(archive, at + 20, 4)?);
            let local = number(archive, at + 42, 4)?;
            // The file's own head repeats the name, with room of its own behind it.
            let from = local + 30 + number(archive, local + 26, 2)? + number(archive, local + 28, 2)?;
            let kept = archive.get(from..from + kept_len)?;
            let mut gzip = vec![0x1f, 0x8b, DEFLATED, 0, 0, 0, 0, 0, 0, 0xff];
            match method {
                STORED => {
                    // One block, the last, as it is (RFC 1951 §3.2.4).
                    let len = u16::try_from(kept_len).ok()?;
                    gzip.push(1);
                    gzip.extend_from_slice(&len.to_le_bytes());
                    gzip.extend_from_slice(&(!len).to_le_bytes());
                }
                method if method == usize::from(DEFLATED) => {}
                _ => return None,
            }
            gzip.extend_from_slice(kept);
            // Checksum and length of the file are gzip's end.
            gzip.extend_from_slice(archive.get(at + 16..at + 20)?);
            gzip.extend_from_slice(archive.get(at + 24..at + 28)?);
            return Some(File { name, gzip });
        }
        at += 46 + name_len + extra_len + comment_len;
    }
    None
}

/// A number of so many bytes, the lowest first.
fn number(bytes: &[u8], at: usize, len: usize) -> Option<usize> {
    let digits = bytes.get(at..at + len)?;
    Some(digits.iter().rev().fold(0, |number, digit| number << 8 | usize::from(*digit)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_is_kept_is_gzip_of_the_file() {
        for (name, begins) in [("swagger-ui.css", "."), ("swagger-ui-bundle.js", "/*!"), ("favicon-32x32.png", "")] {
            let Some(file) = file(name) else { panic!("{name} is in the archive") };
            let mut gunzip = Command::new("gzip");
            let gunzip = gunzip.args(["-d", "-c"]).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut running = gunzip.spawn().unwrap();
            let mut into = running.stdin.take().unwrap();
            let writing = std::thread::spawn(move || into.write_all(&file.gzip));
            let output = running.wait_with_output().unwrap();
            writing.join().unwrap().unwrap();
            // It has looked at checksum and length.
            assert!(output.status.success(), "{name}");
            assert!(output.stdout.starts_with(begins.as_bytes()) && !output.stdout.is_empty(), "{name}");
        }
        assert!(file("swagger-initializer.js").is_none() && file("../dist/swagger-ui.css").is_none());
    }

    #[test]
    fn what_is_no_archive_has_no_files() {
        for cut in [0, 1, 4, 100, SWAGGER_UI_VENDORED.len() / 2] {
            assert!(unpacked(&SWAGGER_UI_VENDORED[..cut], "swagger-ui.css").is_none());
        }
    }
}
