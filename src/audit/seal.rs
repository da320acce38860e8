//! SHA-256, and HMAC by RFC 2104 with it.

use sha2::{Digest, Sha256};

use crate::model::{hex, hmac as keyed};

/// The digest of nothing before: where every chain begins.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// In hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// In hexadecimal digits.
pub fn hmac(key: &[u8], message: &[u8]) -> String {
    hex(&keyed(key, &[message]))
}

/// What hexadecimal digits stand for, of which there are two for each byte.
pub fn bytes(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            matches!(pair, [_, _])
                .then(|| pair.iter().try_fold(0, |sum, digit| Some(sum << 4 | value(*digit)?)))?
        })
        .collect()
}

pub fn is_digest(text: &str) -> bool {
    is_hex(text, BEGINNING.len())
}

/// So many digits, as we write them.
pub fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_everybody() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        // RFC 4231, cases 2 and 6.
        assert_eq!(
            hmac(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
