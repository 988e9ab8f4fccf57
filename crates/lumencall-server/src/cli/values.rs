//! How the values of options are read.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

/// An address to listen on. `localhost` is the one name that is taken, for 127.0.0.1.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse()
        .map_err(|_| "it should be an IP address and a port, like 127.0.0.1:8080 or [::1]:0".to_owned())
}

/// A time to wait: more than none, and at most a day.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    let duration = humantime::parse_duration(text)
        .map_err(|_| "it should be a time like 500ms, 60s or 2m".to_owned())?;
    if duration < Duration::from_millis(1) || duration > LONGEST {
        return Err("it should be at least 1ms and at most 24h".to_owned());
    }
    Ok(duration)
}

/// By how much clocks may differ: whole seconds, as tokens count, and at most five minutes.
pub(super) fn leeway(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).ok().filter(|time| time.subsec_nanos() == 0);
    duration
        .filter(|time| *time <= Duration::from_secs(5 * 60))
        .ok_or("it should be in whole seconds, like 30s, and at most 5m".to_owned())
}

/// How long something may be used: whole seconds, and at most a day.
pub(super) fn validity(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration.subsec_nanos() == 0 { Ok(duration) } else { Err("it should be in whole seconds".to_owned()) }
}

/// The size of a message in bytes, as `65536` or `64KiB`: large enough for all that the SDK sends, and small enough for the queues.
pub(super) fn size(text: &str) -> Result<usize, String> {
    const BOUNDS: RangeInclusive<usize> = 64 * 1024..=512 * 1024;
    let (number, unit) = match text.strip_suffix("KiB") {
        Some(number) => (number.trim_end(), 1024),
        None => (text, 1),
    };
    let size = number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    size.filter(|size| BOUNDS.contains(size))
        .ok_or("it should be from 64KiB, which clients count on, to 512KiB".to_owned())
}

/// The URL of a STUN or TURN server (RFC 7064, RFC 7065): a scheme, a host, a port or none, and for TURN a transport.
pub(super) fn ice_url(text: &str) -> Result<String, String> {
    if is_ice_url(text) {
        Ok(text.to_owned())
    } else {
        Err("it should be like stun:HOST:PORT or turn:HOST:PORT?transport=tcp".to_owned())
    }
}

fn is_ice_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let (authority, query) = match rest.split_once('?') {
        Some((authority, query)) => (authority, Some(query)),
        None => (rest, None),
    };
    let may_ask = match scheme {
        "stun" | "stuns" => query.is_none(),
        "turn" | "turns" => matches!(query, None | Some("transport=udp" | "transport=tcp")),
        _ => false,
    };
    let (host_is_sound, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host.parse::<Ipv6Addr>().is_ok(), port),
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            (!host.is_empty() && host.bytes().all(is_host_byte), port)
        }
    };
    let port_is_sound = port.is_empty()
        || port.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()).is_some_and(|port| port > 0);
    may_ask && host_is_sound && port_is_sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_ice_servers_are_told_from_others() {
        for url in [
            "stun:stun.example.org",
            "stun:stun.example.org:3478",
            "stuns:192.0.2.1:5349",
            "stun:[2001:db8::1]:3478",
            "turn:turn.example.org?transport=tcp",
            "turns:turn.example.org:443?transport=udp",
        ] {
            assert_eq!(ice_url(url).as_deref(), Ok(url));
        }
        for url in [
            "",
            "stun",
            "stun:",
            "stun::3478",
            "stun://stun.example.org",
            "stun:stun.example.org:0",
            "stun:stun.example.org:65536",
            "stun:stun.example.org:x",
            "stun:stun.example.org?transport=tcp",
            "turn:turn.example.org?transport=sctp",
            "turn:user@turn.example.org",
            "stun:[2001:db8::1",
            "stun:[stun.example.org]",
            "https://stun.example.org",
            "stun:stun example.org",
        ] {
            assert!(ice_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn times_sizes_and_addresses_are_within_their_bounds() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for text in ["", "0s", "60", "25h", "-1s", "584542046090years", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(leeway("0s"), Ok(Duration::ZERO));
        assert_eq!(leeway("5m"), Ok(Duration::from_secs(300)));
        for text in ["", "30", "301s", "1500ms", "-1s"] {
            assert!(leeway(text).is_err(), "{text}");
        }
        assert_eq!(validity("24h"), Ok(Duration::from_secs(86_400)));
        for text in ["0s", "1500ms", "25h"] {
            assert!(validity(text).is_err(), "{text}");
        }
        assert_eq!(size("64KiB"), Ok(65_536));
        assert_eq!(size("65536"), Ok(65_536));
        for text in ["", "0", "65535", "513KiB", "18446744073709551615KiB", "64MB"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(address("localhost:80"), Ok(([127, 0, 0, 1], 80).into()));
        assert_eq!(address("[::1]:80").map(|address| address.is_ipv6()), Ok(true));
        for text in ["", "localhost", "localhost:x", "example.org:80", "127.0.0.1", ":80"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
