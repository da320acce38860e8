//! Which addresses the whole internet reaches, and which only this host or its network does.
//!
//! A call to one of the latter could read what a firewall protects: services of this machine, of
//! its network, the metadata of a cloud. What a form of IPv6 carries inside is judged as itself.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whom an address leads to, as far as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Realm {
    /// The internet.
    Public,
    /// A network of somebody's own, or this machine.
    Private,
    /// The metadata of a cloud, the neighbours on the wire, everybody at once, nobody.
    Special,
}

/// Judges an address. What a form of IPv6 carries inside is judged as itself.
pub fn realm(address: IpAddr) -> Realm {
    let address = match address {
        IpAddr::V6(address) => carried(address).map_or(IpAddr::V6(address), IpAddr::V4),
        address => address,
    };
    let is_private = match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            address.is_loopback() || address.segments().first().is_some_and(|first| first & 0xfe00 == 0xfc00)
        }
    };
    match () {
        () if is_public(address) => Realm::Public,
        () if is_private && !is_metadata(address) => Realm::Private,
        () => Realm::Special,
    }
}

/// Whether a cloud tells there who a machine is, and hands out its credentials.
pub fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let octets = address.octets();
            octets.starts_with(&[169, 254])
                || matches!(octets, [100, 100, 100, 200] | [192, 0, 0, 192] | AZURE)
        }
        IpAddr::V6(address) => match carried(address) {
            Some(address) => is_metadata(IpAddr::V4(address)),
            None => matches!(address.segments(), [0xfd00, 0xec2, .., 0x254] | [0xfd20, 0xce, .., 0x254]),
        },
    }
}

/// The host of a virtual machine, by an address that looks like all others.
const AZURE: [u8; 4] = [168, 63, 129, 16];

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    matches!((a, b), (10 | 127, _) | (100, 64..=127) | (172, 16..=31) | (192, 168) | (198, 18..=19))
}

/// Whether an address is this machine itself.
pub fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    );
    !is_special && address.octets() != AZURE
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(address) = carried(address) {
        return is_public_v4(address);
    }
    match address.segments() {
        // Of what is assigned, only this is reached from everywhere.
        [first @ 0x2000..=0x3fff, second, ..] => {
            let is_special = matches!(
                (first, second),
                // Teredo, ORCHID and others of 2001::/23, and documentation.
                (0x2001, 0x0000..=0x01ff) | (0x2001, 0x0db8) | (0x3fff, 0x0000..=0x0fff)
            );
            !is_special
        }
        _ => false,
    }
}

/// Mapped and compatible forms, 6to4 and NAT64 carry an address of IPv4.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        // Nobody, and this machine.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for public in [
            "1.1.1.1",
            "93.184.216.34",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn an_address_says_whom_it_leads_to() {
        for (address, expected) in [
            ("1.1.1.1", Realm::Public),
            ("2606:4700::1111", Realm::Public),
            ("10.0.0.1", Realm::Private),
            ("100.64.0.1", Realm::Private),
            ("127.0.0.1", Realm::Private),
            ("192.168.1.1", Realm::Private),
            ("::1", Realm::Private),
            ("::ffff:10.0.0.1", Realm::Private),
            ("64:ff9b::a00:1", Realm::Private),
            ("fd12::1", Realm::Private),
            ("0.0.0.0", Realm::Special),
            ("::", Realm::Special),
            ("169.254.169.254", Realm::Special),
            ("169.254.170.2", Realm::Special),
            ("100.100.100.200", Realm::Special),
            ("168.63.129.16", Realm::Special),
            ("192.0.0.192", Realm::Special),
            ("::ffff:169.254.169.254", Realm::Special),
            ("2002:a9fe:a9fe::1", Realm::Special),
            ("64:ff9b::a9fe:a9fe", Realm::Special),
            ("fd00:ec2::254", Realm::Special),
            ("fe80::1", Realm::Special),
            ("224.0.0.1", Realm::Special),
            ("255.255.255.255", Realm::Special),
            ("ff02::1", Realm::Special),
        ] {
            assert_eq!(realm(address.parse().unwrap()), expected, "{address}");
        }
        assert!(is_metadata("::ffff:169.254.169.254".parse().unwrap()));
        assert!(!is_metadata("10.0.0.1".parse().unwrap()));
    }
}
