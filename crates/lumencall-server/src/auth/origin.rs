//! Which pages may connect.
//!
//! A browser says in `Origin` (RFC 6454, 7) which site the page is of, and no page can change that. A client that is no
//! browser says nothing, or what it likes: there, who the user is has to be proven by other means, and is.

use std::net::Ipv4Addr;
use std::str::FromStr;

use axum::http::{HeaderMap, header};

use super::Denied;

/// The origin of pages that may connect, as browsers write it: `https://app.example.com`, or with a port that is not the
/// scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(String);

impl FromStr for AllowedOrigin {
    type Err = String;

    /// Takes only what a browser would send to the letter, since only that is ever equal to it.
    fn from_str(text: &str) -> Result<Self, String> {
        let like = "it should be like https://app.example.com, or with a port https://app.example.com:8443";
        let Some((scheme, authority)) = text.split_once("://") else { return Err(like.to_owned()) };
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
        if !is_scheme {
            return Err(like.to_owned());
        }
        if authority.contains('*') {
            return Err("there are no wildcards; give --allow-origin once for each origin".to_owned());
        }
        if authority.contains('/') {
            return Err("an origin ends after its host and port, without a slash or a path".to_owned());
        }
        if authority.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
            return Err("browsers write hosts in lower case, and others than ASCII as xn--".to_owned());
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port),
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let is_host = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte))
            && (!host.contains(':') || authority.starts_with('['));
        let number = port.strip_prefix(':').and_then(|digits| {
            let number = digits.parse::<u16>().ok()?;
            (number.to_string() == digits && number > 0).then_some(number)
        });
        if !is_host || (!port.is_empty() && number.is_none()) {
            return Err(like.to_owned());
        }
        if matches!((scheme, number), ("https", Some(443)) | ("http", Some(80))) {
            return Err("browsers leave out the port that the scheme has by itself".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// Refuses a page whose origin is not listed. Equal is equal byte by byte; `null`, which a sandboxed page of any site
/// has, is never listed.
pub(super) fn is_allowed(headers: &HeaderMap, listed: &[AllowedOrigin]) -> Result<(), Denied> {
    let is_listed = |origin: &[u8]| listed.iter().any(|listed| listed.0.as_bytes() == origin);
    if headers.get_all(header::ORIGIN).iter().all(|origin| is_listed(origin.as_bytes())) {
        Ok(())
    } else {
        Err(Denied::Page(
            "pages of this origin may not connect; the server lists those that may by --allow-origin",
        ))
    }
}

/// Refuses a page that is not of this machine: a page of another site can reach this machine too, through the browser of
/// whoever works on it.
pub(super) fn is_of_this_machine(headers: &HeaderMap) -> Result<(), Denied> {
    if headers.get_all(header::ORIGIN).iter().all(|origin| is_loopback(origin.as_bytes())) {
        Ok(())
    } else {
        Err(Denied::Page("with --auth dev only pages of this machine may connect"))
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
    use super::*;

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

    #[test]
    fn an_origin_is_listed_as_browsers_write_it() {
        for origin in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://localhost:3000",
            "http://[::1]:8080",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
        ] {
            assert_eq!(origin.parse(), Ok(AllowedOrigin(origin.to_owned())));
        }
        for origin in [
            "",
            "null",
            "*",
            "https://*.example.com",
            "app.example.com",
            "https://",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://App.example.com",
            "https://b\u{fc}cher.example",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "https://app.example.com:",
            "https://app.example.com:08443",
            "https://app.example.com:0",
            "https://app.example.com:65536",
            "https://user@app.example.com",
            "https://a:b:c",
            "HTTPS://app.example.com",
            "://app.example.com",
        ] {
            assert!(origin.parse::<AllowedOrigin>().is_err(), "{origin}");
        }
    }
}
