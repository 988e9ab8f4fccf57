//! Files that change while the server runs.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Files that are looked at again and again.
#[derive(Debug)]
pub(crate) struct Watched {
    paths: Vec<PathBuf>,
    period: Duration,
    seen: Option<Vec<Option<Stamp>>>,
}

/// By what a file is told from what it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    len: u64,
    /// Whether the file was young when it was looked at: it may change again without its time changing, since the time is
    /// kept in steps.
    is_young: bool,
}

/// For how long after a change a file is young. File systems keep times in steps of up to two seconds.
const YOUTH: Duration = Duration::from_secs(3);

impl Stamp {
    fn new(metadata: &Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?;
        let is_young = modified.elapsed().is_ok_and(|age| age < YOUTH);
        Some(Self { modified, len: metadata.len(), is_young })
    }
}

impl Watched {
    /// Files that are looked at once in each period. The first look counts as a change: the file may have changed since
    /// it was read.
    pub(crate) fn new(paths: impl Into<Vec<PathBuf>>, period: Duration) -> Self {
        Self { paths: paths.into(), period, seen: None }
    }

    /// Waits until one of the files may have changed.
    pub(crate) async fn changed(&mut self) {
        loop {
            sleep(self.period).await;
            let paths = self.paths.clone();
            let look = move || {
                let stamp = |path: &PathBuf| fs::metadata(path).ok().as_ref().and_then(Stamp::new);
                paths.iter().map(stamp).collect::<Vec<_>>()
            };
            // A look that panicked saw nothing.
            let Ok(stamps) = spawn_blocking(look).await else { continue };
            let was_young = self.seen.iter().flatten().flatten().any(|stamp| stamp.is_young);
            let is_same = self.seen.as_ref() == Some(&stamps);
            self.seen = Some(stamps);
            if was_young || !is_same {
                return;
            }
        }
    }
}

/// The text of a file.
pub(crate) async fn read_text(path: &Path) -> io::Result<String> {
    let path = path.to_owned();
    spawn_blocking(move || fs::read_to_string(path))
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}
