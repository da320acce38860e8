//! Whom a call believes over TLS, and who it says it is there.

use std::path::PathBuf;

use crate::model::ClientCertificate;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpTls {
    /// Files with the authorities that are believed, and no others; none: those of the system.
    pub ca: Vec<PathBuf>,
    pub client: Option<ClientCertificate>,
    pub least: TlsVersion,
    /// Believes whoever answers.
    pub insecure: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsVersion {
    V1_2,
    V1_3,
}

impl TlsVersion {
    pub const ALL: [(&str, Self); 2] = [("1.2", Self::V1_2), ("1.3", Self::V1_3)];

    pub fn word(self) -> &'static str {
        match self {
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
        }
    }
}
