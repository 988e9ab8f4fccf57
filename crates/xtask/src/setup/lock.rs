//! Two set-ups at once would install over each other.

use std::fs::{self, File, TryLockError};

use crate::failure::Failure;
use crate::workspace::Workspace;

/// Held while something is installed. Taken when the first step has something to do, given up when the set-up ends; the
/// operating system gives it up for a process that dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until no other set-up of this user installs anything.
    pub(super) fn take(workspace: &Workspace) -> Result<Self, Failure> {
        let folder = workspace.cache();
        fs::create_dir_all(folder).map_err(|error| Failure::io("create", folder, &error))?;
        let path = folder.join("setup.lock");
        let file = File::create(&path).map_err(|error| Failure::io("create", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                print!("(waits for another set-up to end) ");
                let _ = std::io::Write::flush(&mut std::io::stdout());
                file.lock().map_err(|error| Failure::io("lock", &path, &error))?;
            }
            Err(TryLockError::Error(error)) => return Err(Failure::io("lock", &path, &error)),
        }
        Ok(Self { _file: file })
    }
}
