//! Looks names up and lets only addresses of the internet through. What comes out here is what is
//! connected to, so a name that changes its address between two looks gains nothing.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::model::is_public;

pub struct PublicResolver;

/// A name leads to nothing but addresses that may not be called.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{host}` leads to the private address {address}")]
pub struct PrivateAddress {
    pub host: String,
    pub address: IpAddr,
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found = look_up(&host).await?;
            public(host, found)
        })
    }
}

/// All addresses of a name.
pub async fn look_up(host: &str) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.collect())
}

/// One of them, if none is of the internet.
pub fn only_private(found: &[SocketAddr]) -> Option<IpAddr> {
    let has_public = found.iter().any(|address| is_public(address.ip()));
    found.first().map(SocketAddr::ip).filter(|_| !has_public)
}

fn public(host: String, found: Vec<SocketAddr>) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
    match only_private(&found) {
        Some(address) => Err(Box::new(PrivateAddress { host, address })),
        None => Ok(Box::new(found.into_iter().filter(|address| is_public(address.ip())))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever connects is given the very addresses that were judged, and asks nobody again.
    #[tokio::test]
    async fn what_is_judged_is_what_is_connected_to() {
        let error = PublicResolver.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(error.downcast_ref::<PrivateAddress>().is_some(), "{error}");
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .dns_resolver(std::sync::Arc::new(PublicResolver))
            .build()
            .unwrap();
        let error = client.get("http://localhost:1/").send().await.unwrap_err();
        let failure = super::super::failure::Failure::of_sending(error, "localhost:1");
        assert!(failure.to_string().contains("leads to the private address"), "{failure}");
    }

    #[test]
    fn private_addresses_of_a_name_are_left_out() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let mixed = public("a.b".into(), addresses(&["127.0.0.1:0", "1.1.1.1:0", "[::1]:0"])).ok().unwrap();
        assert_eq!(mixed.collect::<Vec<_>>(), ["1.1.1.1:0".parse().unwrap()]);
        let refused = public("a.b".into(), addresses(&["169.254.169.254:0"])).err().unwrap();
        assert_eq!(refused.to_string(), "`a.b` leads to the private address 169.254.169.254");
    }
}
