//! Networks of addresses: `10.0.0.0/8`, `192.0.2.7`; and the sockets of this machine.

use core::net::IpAddr;
use std::str::FromStr;

/// Whose word counts for where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedProxy {
    /// Addresses that begin with the same bits.
    Addresses { base: IpAddr, bits: u8 },
    /// Whoever reaches the socket in the file system.
    Socket,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address, a network like `10.0.0.0/8`, or `socket`")]
pub struct NotAProxy;

impl FromStr for TrustedProxy {
    type Err = NotAProxy;

    fn from_str(text: &str) -> Result<Self, NotAProxy> {
        if text == "socket" {
            return Ok(Self::Socket);
        }
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| NotAProxy)?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let is_number = |bits: &&str| !bits.is_empty() && bits.bytes().all(|digit| digit.is_ascii_digit());
        let bits = match bits {
            Some(bits) => Some(bits).filter(is_number).and_then(|bits| bits.parse().ok()).ok_or(NotAProxy)?,
            None => most,
        };
        if bits > most {
            return Err(NotAProxy);
        }
        Ok(Self::Addresses { base, bits })
    }
}

impl TrustedProxy {
    /// Whether an address is in it; `None` is somebody at the socket.
    pub fn has(&self, address: Option<IpAddr>) -> bool {
        match (self, address) {
            (Self::Socket, None) => true,
            (Self::Addresses { base, bits }, Some(address)) => match (*base, address.to_canonical()) {
                (IpAddr::V4(base), IpAddr::V4(address)) => begins_alike(
                    u128::from(base.to_bits()),
                    u128::from(address.to_bits()),
                    32 - bits.min(&32),
                ),
                (IpAddr::V6(base), IpAddr::V6(address)) => {
                    begins_alike(base.to_bits(), address.to_bits(), 128 - bits.min(&128))
                }
                _ => false,
            },
            _ => false,
        }
    }
}

fn begins_alike(left: u128, right: u128, rest: u8) -> bool {
    let shifted = |bits: u128| bits.checked_shr(u32::from(rest)).unwrap_or(0);
    shifted(left) == shifted(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_like_it() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.6", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            let network: TrustedProxy = network.parse().unwrap();
            assert_eq!(network.has(Some(address.parse().unwrap())), expected, "{network:?} {address}");
            assert!(!network.has(None));
        }
        assert!("socket".parse::<TrustedProxy>().unwrap().has(None));
        for bad in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "10.0.0.0/+8", "::/129", "localhost", "*"] {
            assert_eq!(bad.parse::<TrustedProxy>(), Err(NotAProxy), "{bad}");
        }
    }
}
