//! Files that only this user may read.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// How many bytes a secret has.
const BYTES: usize = 32;

/// Sees to it that a secret is in `path`, in hexadecimal: the one that is there, if nobody else can have read it.
pub(super) fn provide(path: &Path) -> Result<PathBuf, Failure> {
    if is_private(path) && fs::read_to_string(path).is_ok_and(|text| text.len() == 2 * BYTES) {
        return Ok(path.to_owned());
    }
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new("there are no random numbers on this machine").with(error))?;
    let mut text = String::new();
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    write_private(path, &text)?;
    Ok(path.to_owned())
}

/// Whether there is such a file, and nobody but this user may open it.
pub(super) fn is_private(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o077 == 0)
}

/// Puts `text` into a file that is complete or not there, and that nobody else may read at any time.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let partial = path.with_extension("partial");
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // One that is left from before keeps the mode that it had.
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&partial)?;
        file.write_all(text.as_bytes())?;
        drop(file);
        fs::rename(&partial, path)
    };
    write().map_err(|error| Failure::io("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposure::tests::Folder;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_is_made_once_for_this_user_alone() {
        let folder = Folder::new();
        let path = folder.path().join("demo/secret");
        provide(&path).unwrap();
        let first = fs::read_to_string(&path).unwrap();
        assert!(first.len() == 64 && first.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
        assert_eq!(mode(&path), 0o600);
        provide(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
    }

    #[test]
    fn a_secret_that_others_could_read_or_that_is_broken_is_made_anew() {
        let folder = Folder::new();
        let path = folder.path().join("secret");
        let old = "0".repeat(64);
        fs::write(&path, &old).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        provide(&path).unwrap();
        assert_ne!(fs::read_to_string(&path).unwrap(), old);
        assert_eq!(mode(&path), 0o600);
        write_private(&path, "short").unwrap();
        provide(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().len(), 64);
    }

    #[test]
    fn what_broke_off_is_no_hindrance_and_is_not_read_by_others() {
        let folder = Folder::new();
        let path = folder.path().join("secret");
        let partial = path.with_extension("partial");
        fs::write(&partial, "half").unwrap();
        fs::set_permissions(&partial, fs::Permissions::from_mode(0o666)).unwrap();
        write_private(&path, "whole").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("whole", 0o600));
        assert!(!partial.exists());
    }
}
