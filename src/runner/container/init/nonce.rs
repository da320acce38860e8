//! What only one call and the init of its container know.

use std::fs::File;
use std::io::{self, Read};

use super::wire;

#[derive(Clone, Copy)]
pub struct Nonce(pub [u8; wire::NONCE_LENGTH]);

impl Nonce {
    /// That nobody can guess.
    pub fn new() -> io::Result<Self> {
        let mut bytes = [0; wire::NONCE_LENGTH];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }
}
