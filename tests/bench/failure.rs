//! What can go wrong while something is measured.

/// Why a figure could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    System(#[from] nix::errno::Errno),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("the server closed its output")]
    Closed,
    #[error("the server did not answer within {0} s")]
    Late(u64),
    #[error("the server refused: {0}")]
    Refused(String),
    #[error("expected {expected}, but found {found}")]
    Unexpected { expected: String, found: String },
    #[error("unknown argument `{0}`; expected --quick, --markdown, --only ROW, --of NAMES or --server PATH")]
    Usage(String),
}

impl Failure {
    pub fn unexpected(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Unexpected { expected: expected.into(), found: found.into() }
    }
}
