//! What is good no longer, although it has not expired.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tracing::{info, warn};

use crate::StartError;
use crate::files::Watched;

/// The list, as a file says it. Each line is empty, begins with `#`, or is one of
///
/// ```text
/// jti ID                  this token
/// user ID                 every token of this user
/// user ID before TIME     every token of this user that was issued earlier, or does not say when
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Revoked {
    tokens: HashSet<Box<str>>,
    /// Up to when, in seconds since 1970; none for all that there are and will be.
    users: HashMap<Box<str>, Option<u64>>,
}

/// What the list is asked about: the token of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) user: Box<str>,
    pub(super) id: Option<Box<str>>,
    /// When the token was issued, in seconds since 1970.
    pub(super) issued: Option<u64>,
}

impl Revoked {
    /// Reads a list. A line that is not understood is refused by its number: to overlook it would let somebody in.
    fn parse(text: &str) -> Result<Self, usize> {
        let mut revoked = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                revoked.add(line).ok_or(index + 1)?;
            }
        }
        Ok(revoked)
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let (kind, rest) = line.split_once(char::is_whitespace)?;
        let rest = rest.trim_start();
        match kind {
            "jti" => {
                self.tokens.insert(rest.into());
            }
            "user" => {
                if rest.ends_with(" before") {
                    return None;
                }
                let (user, before) = match rest.rsplit_once(" before ") {
                    Some((user, time)) => (user.trim_end(), Some(seconds(time.trim_start())?)),
                    None => (rest, None),
                };
                // Of several lines about one user, the one that revokes most counts.
                let so_far = self.users.entry(user.into()).or_insert(before);
                *so_far = so_far.zip(before).map(|(one, other)| one.max(other));
            }
            _ => return None,
        }
        Some(())
    }

    /// Whether this token is on the list.
    pub(super) fn names(&self, bearer: &Bearer) -> bool {
        let by_id = bearer.id.as_ref().is_some_and(|id| self.tokens.contains(id));
        let by_user = self.users.get(&bearer.user).is_some_and(|before| match (before, bearer.issued) {
            (Some(before), Some(issued)) => issued < *before,
            (None, _) | (_, None) => true,
        });
        by_id || by_user
    }
}

/// A time (RFC 3339), in seconds since 1970, rounded up: a token says whole seconds.
fn seconds(time: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339_weak(time).ok()?;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(since.as_secs() + u64::from(since.subsec_nanos() > 0))
}

/// The list in a file, which is read again when it changes.
#[derive(Debug)]
pub(super) struct RevokedFile {
    path: PathBuf,
    list: watch::Sender<Revoked>,
}

impl RevokedFile {
    /// How often the file is looked at.
    const PERIOD: Duration = Duration::from_secs(1);

    pub(super) fn open(path: PathBuf) -> Result<Self, StartError> {
        let text =
            std::fs::read_to_string(&path).map_err(|error| StartError::file("--revoked", &path, error))?;
        let revoked = Revoked::parse(&text).map_err(|line| {
            StartError::unfit(
                "--revoked",
                &path,
                format!("line {line} is none of: jti ID, user ID, user ID before TIME"),
            )
        })?;
        Ok(Self { path, list: watch::Sender::new(revoked) })
    }

    /// The list, as it is and as it becomes.
    pub(super) fn follow(&self) -> watch::Receiver<Revoked> {
        self.list.subscribe()
    }

    /// Reads the file again whenever it changes. A file that cannot be read, or not understood, changes nothing.
    pub(super) async fn keep_watch(&self) {
        let mut watched = Watched::new([self.path.clone()], Self::PERIOD);
        loop {
            watched.changed().await;
            match read(&self.path).await {
                Ok(revoked) => {
                    let changed = self.list.send_if_modified(|list| {
                        let changed = *list != revoked;
                        *list = revoked;
                        changed
                    });
                    if changed {
                        info!("the list of what was revoked has been read again");
                    }
                }
                Err(Some(line)) => {
                    warn!(
                        line,
                        "the list of what was revoked has a line that is not understood; the old list counts"
                    );
                }
                Err(None) => warn!("the list of what was revoked cannot be read; the old list counts"),
            }
        }
    }
}

async fn read(path: &Path) -> Result<Revoked, Option<usize>> {
    let text = crate::files::read_text(path).await.map_err(|_| None)?;
    Revoked::parse(&text).map_err(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(user: &str, id: Option<&str>, issued: Option<u64>) -> Bearer {
        Bearer { user: user.into(), id: id.map(Into::into), issued }
    }

    #[test]
    fn lines_name_tokens_and_users() {
        let list = Revoked::parse(
            "# gone\n\njti t1\r\n  jti two words\nuser mallory\nuser Alice Smith before 1970-01-01T00:01:40Z\n\
             user bob before 1970-01-01T00:00:10.5Z\nuser bob before 1970-01-01T00:00:05Z\n\
             user carol before 1970-01-01T00:00:05Z\nuser carol\n",
        )
        .unwrap();
        for (named, user, id, issued) in [
            (true, "dave", Some("t1"), Some(5)),
            (true, "dave", Some("two words"), None),
            (false, "dave", Some("t2"), Some(5)),
            (false, "dave", None, None),
            (true, "mallory", None, Some(u64::MAX)),
            (true, "Alice Smith", None, Some(99)),
            (false, "Alice Smith", None, Some(100)),
            (true, "Alice Smith", None, None),
            (false, "Alice", None, Some(0)),
            (true, "bob", None, Some(10)),
            (false, "bob", None, Some(11)),
            (true, "carol", None, Some(6)),
        ] {
            assert_eq!(list.names(&bearer(user, id, issued)), named, "{user} {id:?} {issued:?}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        for line in ["alice", "jti", "token t1", "user alice before soon", "user alice before "] {
            let text = format!("jti t1\n{line}\n");
            let parsed = Revoked::parse(&text);
            assert_eq!(parsed, Err(2), "{line}");
        }
    }
}
