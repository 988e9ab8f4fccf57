//! What a socket was opened with.

use std::future::pending;
use std::time::Duration;

use lumencall_core::UserId;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::revoked::{Bearer, Revoked};
use crate::close::{self, Close};

/// The proof that a socket lives on. It belongs to the socket, and is replaced where the client shows a newer token.
///
/// Its times are counted on the monotonic clock from when the token was looked at: the wall clock may be set while the
/// socket is open.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    user: UserId,
    term: Option<Term>,
    revocation: Option<Revocation>,
}

/// When a token ends.
#[derive(Clone, Copy, Debug)]
struct Term {
    /// What the token says.
    expires: Instant,
    /// How much longer it is taken, since clocks differ.
    leeway: Duration,
}

/// The token as the list of what was revoked knows it, and that list.
#[derive(Clone, Debug)]
struct Revocation {
    bearer: Bearer,
    list: watch::Receiver<Revoked>,
}

impl Credential {
    /// One that never ends.
    pub(super) fn endless(user: UserId) -> Self {
        Self { user, term: None, revocation: None }
    }

    /// One that ends with a token that is good for so long from now.
    pub(super) fn of_token(user: UserId, left: Duration, leeway: Duration) -> Self {
        // Nobody's server runs as long as a time that cannot be counted.
        let expires = Instant::now().checked_add(left);
        Self { user, term: expires.map(|expires| Term { expires, leeway }), revocation: None }
    }

    /// The same, as long as it is not on the list.
    pub(super) fn revocable(self, bearer: Bearer, list: watch::Receiver<Revoked>) -> Self {
        Self { revocation: Some(Revocation { bearer, list }), ..self }
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> &UserId {
        &self.user
    }

    /// In how many seconds it expires; none where it never does.
    pub(crate) fn expires_in(&self) -> Option<u32> {
        let left = self.term?.expires.saturating_duration_since(Instant::now());
        Some(u32::try_from(left.as_secs()).unwrap_or(u32::MAX))
    }

    /// Whether it is good for at least as long as another.
    pub(crate) fn outlasts(&self, other: &Self) -> bool {
        match (self.term, other.term) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) => own.expires >= other.expires,
        }
    }

    /// Whether it has expired, so that its socket has only the grace left.
    pub(crate) fn has_expired(&self) -> bool {
        self.term.is_some_and(|term| Instant::now() >= term.expires + term.leeway)
    }

    /// Waits until the socket must close, and says why: it was revoked, or it expired and the grace is over. When the
    /// future is dropped, nothing is lost.
    pub(crate) async fn over(&self, grace: Duration) -> Close {
        let expired = async {
            match self.term {
                Some(term) => sleep_until(term.expires + term.leeway + grace).await,
                None => pending().await,
            }
        };
        let revoked = async {
            match &self.revocation {
                Some(Revocation { bearer, list }) => {
                    let mut list = list.clone();
                    if list.wait_for(|list| list.names(bearer)).await.is_err() {
                        // The list is followed no more, since the server stops.
                        pending().await
                    }
                }
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = revoked => close::TOKEN_REVOKED,
            () = expired => close::TOKEN_EXPIRED,
        }
    }
}
