//! Passwords for TURN servers that serve whoever this server names.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lumencall_core::UserId;
use lumencall_core::wire::{IceServer, Private};
use ring::hmac;

/// A secret that this server and its TURN servers share, as in coturn's `use-auth-secret`: the user name says until when it
/// may be used and by whom, and the password is the proof that this server said so
/// (draft-uberti-behave-turn-rest-00, 2.2).
#[derive(Clone, Debug)]
pub struct Turn {
    secret: Private,
    ttl: Duration,
}

impl Turn {
    /// Passwords that are good for `ttl`, in whole seconds.
    pub fn new(secret: Private, ttl: Duration) -> Self {
        Self { secret, ttl }
    }

    /// The same servers, each TURN server with the user's password until `ttl` from now.
    fn entitle(&self, servers: &mut [IceServer], user: &UserId) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (username, credential) = self.password(user, (now + self.ttl).as_secs());
        for server in servers.iter_mut().filter(|server| server.urls.iter().any(|url| is_turn(url))) {
            server.username = Some(username.clone());
            server.credential = Some(credential.clone());
        }
    }

    fn password(&self, user: &UserId, expires: u64) -> (Private, Private) {
        // coturn refuses names with spaces, quotation marks and the like, so the user's stands there as in a URL's query.
        let user = form_urlencoded::byte_serialize(user.as_str().as_bytes()).collect::<String>();
        let username = format!("{expires}:{user}");
        // The scheme has SHA-1 in it. What is known to be weak about it, collisions, is of no use against an HMAC.
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.secret.reveal().as_bytes());
        let credential = STANDARD.encode(hmac::sign(&key, username.as_bytes()));
        (Private::new(username), Private::new(credential))
    }
}

/// The ICE servers for a user's peer connections, and in how many seconds their passwords expire.
pub(crate) fn ice_servers(
    servers: &[IceServer],
    turn: Option<&Turn>,
    user: &UserId,
) -> (Vec<IceServer>, Option<u32>) {
    let mut servers = servers.to_vec();
    let expire_in = turn.map(|turn| {
        turn.entitle(&mut servers, user);
        u32::try_from(turn.ttl.as_secs()).unwrap_or(u32::MAX)
    });
    (servers, expire_in)
}

fn is_turn(url: &str) -> bool {
    url.starts_with("turn:") || url.starts_with("turns:")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf %s 1700000000:alice | openssl dgst -sha1 -hmac north -binary | base64`
    #[test]
    fn the_password_is_what_coturn_computes() {
        let turn = Turn::new(Private::new("north"), Duration::from_secs(3600));
        let (username, credential) = turn.password(&UserId::new("alice").unwrap(), 1_700_000_000);
        assert_eq!(username.reveal(), "1700000000:alice");
        assert_eq!(credential.reveal(), "Cd/49soE35ICqcJF/bCTn8Z4OyE=");
    }

    #[test]
    fn each_user_has_a_password_of_their_own_and_stun_has_none() {
        let server = |url: &str| IceServer { urls: vec![url.into()], username: None, credential: None };
        let servers =
            [server("stun:s.example.org"), server("turn:t.example.org"), server("turns:t.example.org")];
        let turn = Turn::new(Private::new("north"), Duration::from_secs(90));
        let of = |user: &str| ice_servers(&servers, Some(&turn), &UserId::new(user).unwrap());
        let ((alice, expire_in), (bob, _)) = (of("alice"), of("bob"));
        assert_eq!(expire_in, Some(90));
        assert_eq!((&alice[0].username, &alice[0].credential), (&None, &None));
        for at in [1, 2] {
            assert!(alice[at].credential.is_some() && alice[at].credential != bob[at].credential);
            assert!(alice[at].username.as_ref().unwrap().reveal().ends_with(":alice"));
        }
        assert_eq!(ice_servers(&servers, None, &UserId::new("alice").unwrap()), (servers.to_vec(), None));
    }
}
