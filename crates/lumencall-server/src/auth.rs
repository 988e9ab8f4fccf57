//! Who a socket belongs to.

use std::net::{Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, StatusCode, Uri, header};
use lumencall_core::UserId;

use crate::StartError;

/// How users prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// They do not: `?userId=` is believed. For development, on a loopback address, for pages of this machine only.
    Dev,
}

/// Why a client may not open a socket: the status and the sentence that it is answered with.
pub(crate) type Denied = (StatusCode, &'static str);

impl Auth {
    /// Whether a server with this kind of proof may listen on the address.
    ///
    /// # Errors
    /// [`StartError::DevAuthInPublic`] where anybody on the network could say that they are anybody.
    pub fn may_listen_on(self, address: SocketAddr) -> Result<(), StartError> {
        match self {
            Self::Dev if address.ip().to_canonical().is_loopback() => Ok(()),
            Self::Dev => Err(StartError::DevAuthInPublic(address)),
        }
    }

    /// The user who asks for a socket.
    pub(crate) fn user(self, uri: &Uri, headers: &HeaderMap) -> Result<UserId, Denied> {
        match self {
            Self::Dev => {
                // A page of another site can reach this machine too, through the browser of whoever works on it.
                if !headers.get_all(header::ORIGIN).iter().all(|origin| is_loopback(origin.as_bytes())) {
                    return Err((
                        StatusCode::FORBIDDEN,
                        "with --auth dev only pages of this machine may connect\n",
                    ));
                }
                let query = uri.query().unwrap_or_default();
                let user = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "userId");
                user.and_then(|(_, user)| UserId::new(&*user))
                    .ok_or((StatusCode::UNAUTHORIZED, "say who you are: /ws?userId=NAME, 1 to 128 bytes\n"))
            }
        }
    }
}

/// Whether an `Origin` (RFC 6454, 7) is a page of this machine: `http` or `https`, exactly `localhost`, an address of
/// 127.0.0.0/8 or `[::1]`, and any port. `null`, which a sandboxed page of any site has, is not.
fn is_loopback(origin: &[u8]) -> bool {
    let Ok(origin) = str::from_utf8(origin) else { return false };
    let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
        return false;
    };
    let (host, port) = match authority.strip_prefix("[::1]") {
        Some("") => ("[::1]", None),
        Some(rest) => ("[::1]", Some(rest)),
        None => match authority.find(':') {
            Some(colon) => (&authority[..colon], Some(&authority[colon..])),
            None => (authority, None),
        },
    };
    let port_is_sound = port.is_none_or(|port| {
        port.strip_prefix(':').is_some_and(|digits| {
            digits.bytes().all(|digit| digit.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        })
    });
    let host_is_local = host == "[::1]"
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    port_is_sound && host_is_local
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn pages_of_this_machine_are_told_from_look_alikes() {
        for origin in [
            "http://localhost",
            "http://localhost:8080",
            "https://LOCALHOST:3000",
            "http://127.0.0.1:1",
            "http://127.8.9.10:65535",
            "http://[::1]",
            "http://[::1]:8080",
        ] {
            assert!(is_loopback(origin.as_bytes()), "{origin}");
        }
        for origin in [
            "null",
            "",
            "localhost",
            "http://",
            "http://localhost.",
            "http://localhost.evil.com",
            "http://127.0.0.1.evil.com",
            "http://127.0.0.1.evil.com:8080",
            "http://evil.com",
            "http://localhost@evil.com",
            "http://localhost:80@evil.com",
            "http://localhost:",
            "http://localhost:+80",
            "http://localhost:65536",
            "http://localhost/",
            "http://[::1].evil.com",
            "http://[::2]",
            "http://128.0.0.1",
            "http://0x7f.1",
            "http://0177.0.0.1",
            "http://127.1",
            "file://localhost",
            "ws://localhost",
            "http://localhost http://localhost",
        ] {
            assert!(!is_loopback(origin.as_bytes()), "{origin}");
        }
    }
}
