//! The names by which a server on this machine is reached.

use std::net::{IpAddr, Ipv6Addr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::failure::Failure;

/// The addresses of this machine that others may reach, from its interfaces: nothing is sent. IPv4 first, which is easier to
/// type on a telephone.
pub(super) fn own() -> Result<Vec<IpAddr>, Failure> {
    let interfaces =
        getifaddrs().map_err(|error| Failure::new("could not list this machine's addresses").with(error))?;
    let addresses = interfaces.filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP));
    let addresses = addresses.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    });
    let mut addresses: Vec<IpAddr> = addresses.filter(|address| is_for_others(*address)).collect();
    addresses.sort();
    addresses.dedup();
    Ok(addresses)
}

/// Whether a page on another machine can name this address. A link-local one of IPv6 needs a zone, which URLs have not.
fn is_for_others(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_unspecified(),
        IpAddr::V6(address) => {
            !address.is_loopback() && !address.is_unspecified() && !address.is_unicast_link_local()
        }
    }
}

/// The hosts by which a server that listens at `listen` is reached, on a machine with these addresses.
pub(super) fn names(listen: IpAddr, own: &[IpAddr]) -> Vec<String> {
    let addresses: Vec<IpAddr> = match listen {
        // It takes IPv4 as well.
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => own.to_vec(),
        IpAddr::V4(address) if address.is_unspecified() => {
            own.iter().copied().filter(IpAddr::is_ipv4).collect()
        }
        IpAddr::V4(_) | IpAddr::V6(_) => return vec![listen.to_string()],
    };
    addresses.iter().map(ToString::to_string).chain(["localhost".to_owned()]).collect()
}

/// The origin of the pages at a host, as browsers write it.
pub(super) fn origin(name: &str, port: u16) -> String {
    let host = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    match port {
        443 => format!("https://{host}"),
        port => format!("https://{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_is_named_and_any_address_is_all_of_them() {
        let own = [address("192.0.2.7"), address("198.51.100.1"), address("2001:db8::1")];
        assert_eq!(names(address("203.0.113.5"), &own), ["203.0.113.5"]);
        assert_eq!(names(address("0.0.0.0"), &own), ["192.0.2.7", "198.51.100.1", "localhost"]);
        assert_eq!(names(address("::"), &own), ["192.0.2.7", "198.51.100.1", "2001:db8::1", "localhost"]);
        assert_eq!(names(address("0.0.0.0"), &[]), ["localhost"]);
    }

    #[test]
    fn addresses_that_no_other_machine_can_name_are_left_out() {
        for other in ["192.0.2.7", "10.0.0.1", "169.254.1.1", "2001:db8::1", "fd00::1"] {
            assert!(is_for_others(address(other)), "{other}");
        }
        for alone in ["127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "fe80::1"] {
            assert!(!is_for_others(address(alone)), "{alone}");
        }
    }

    #[test]
    fn this_machine_names_no_address_of_its_own_alone() {
        let own = own().unwrap();
        assert!(own.iter().all(|address| is_for_others(*address)), "{own:?}");
        assert!(own.is_sorted());
    }

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        assert_eq!(origin("192.0.2.7", 8443), "https://192.0.2.7:8443");
        assert_eq!(origin("localhost", 443), "https://localhost");
        assert_eq!(origin("2001:db8::1", 8443), "https://[2001:db8::1]:8443");
    }
}
