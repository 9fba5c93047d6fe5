//! Where a copy will be. It is written beside, under another name, and gets its own
//! when all of it is checked and on the disk.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::fault::{Fault, While};

/// A folder that is not there yet, or is empty.
pub(super) struct Place {
    to: PathBuf,
    above: PathBuf,
    /// Removed with this value, and what is left in it.
    beside: TempDir,
}

impl Place {
    /// # Errors
    /// When something is there, or nothing can be put there.
    pub(super) fn of(to: &Path) -> Result<Self, Fault> {
        let what = format!("making {}", to.display());
        let to = match to.canonicalize() {
            Ok(there) => {
                check_there(&there)?;
                there
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => to.to_owned(),
            Err(e) => return Err(Fault::while_doing(&what, e)),
        };
        let name = to.file_name().ok_or_else(|| Fault::CouldNotRun(format!("{} has no name", to.display())))?;
        let above = to.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        fs::create_dir_all(&above).or_fault(&what)?;
        let prefix = format!("{}.unfinished-", name.to_string_lossy());
        let beside = tempfile::Builder::new().prefix(&prefix).tempdir_in(&above).or_fault(&what)?;
        Ok(Self { to, above, beside })
    }

    /// Where it is written.
    pub(super) fn unfinished(&self) -> PathBuf {
        // Within, so that it is made as every data directory is.
        self.beside.path().join("copy")
    }

    /// Gives it its name, when all of it is on the disk.
    ///
    /// # Errors
    /// When it cannot be synced or renamed; then it is gone.
    pub(super) fn take(self) -> Result<(), Fault> {
        let what = format!("making {}", self.to.display());
        let from = self.unfinished();
        if let Ok(there) = fs::metadata(&self.to) {
            fs::set_permissions(&from, there.permissions()).or_fault(&what)?;
        }
        sync(&from).or_fault(&what)?;
        // In the place of an empty folder, or of none; whoever has put something
        // there meanwhile keeps it.
        fs::rename(&from, &self.to).or_fault(&what)?;
        File::open(&self.above).and_then(|above| above.sync_all()).or_fault(&what)
    }
}

/// Whether a folder that is there can be replaced.
fn check_there(to: &Path) -> Result<(), Fault> {
    let what = format!("looking at {}", to.display());
    if fs::read_dir(to).or_fault(&what)?.next().is_some() {
        return Err(Fault::CouldNotRun(format!("{} is not empty", to.display())));
    }
    let above = to.parent().unwrap_or(to);
    let is_mounted =
        above == to || fs::metadata(to).or_fault(&what)?.dev() != fs::metadata(above).or_fault(&what)?.dev();
    if is_mounted {
        return Err(Fault::CouldNotRun(format!(
            "another disk is mounted at {}, so nothing can be put there at once: name a folder in it",
            to.display()
        )));
    }
    Ok(())
}

/// Brings all that lies in a folder to the disk, and its own names.
fn sync(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_type()?.is_dir() {
            sync(&file.path())?;
        } else {
            File::open(file.path())?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn write(place: &Place) {
        fs::create_dir_all(place.unfinished().join("log")).unwrap();
        fs::write(place.unfinished().join("log/1"), "one").unwrap();
    }

    #[test]
    fn it_is_there_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let to = root.path().join("above/data");
        let place = Place::of(&to).unwrap();
        write(&place);
        assert!(!to.exists());
        // What fails on the way leaves nothing.
        drop(place);
        assert!(names(&root.path().join("above")).is_empty());

        let place = Place::of(&to).unwrap();
        write(&place);
        place.take().unwrap();
        assert_eq!(fs::read_to_string(to.join("log/1")).unwrap(), "one");
        assert_eq!(names(&root.path().join("above")), ["data"]);
        assert!(matches!(Place::of(&to), Err(Fault::CouldNotRun(why)) if why.ends_with("is not empty")));
    }

    #[test]
    fn an_empty_folder_is_replaced_and_one_that_was_filled_is_not() {
        use std::os::unix::fs::PermissionsExt;

        let root = tempfile::tempdir().unwrap();
        let to = root.path().join("data");
        fs::create_dir(&to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o750)).unwrap();
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&to, &link).unwrap();
        let (first, second) = (Place::of(&link).unwrap(), Place::of(&to).unwrap());
        write(&first);
        write(&second);
        first.take().unwrap();
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o750);
        second.take().unwrap_err();
        assert_eq!(names(root.path()), ["data", "link"]);
        assert_eq!(names(&to), ["log"]);
    }
}
