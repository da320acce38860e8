//! Addresses that are one customer's: of those of version 6 everybody has as many as they like.

use core::net::IpAddr;

/// The address, or the network of 64 bits that it is in.
pub fn host_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}
