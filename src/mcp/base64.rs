//! Chunks of bytes → one base64 text, whatever the chunks' lengths.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Holds back what does not fill a group of three until more comes.
#[derive(Default)]
pub(super) struct Encoder {
    held: Vec<u8>,
}

impl Encoder {
    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !self.held.is_empty() && self.held.len() < 3 {
            let Some((&byte, rest)) = bytes.split_first() else { return };
            self.held.push(byte);
            bytes = rest;
        }
        encode(&std::mem::take(&mut self.held), out);
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % 3);
        encode(whole, out);
        self.held.extend_from_slice(rest);
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        encode(&std::mem::take(&mut self.held), out);
    }
}

fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    if let Some(space) = out.get_mut(start..) {
        // The space is exactly what the encoding needs, so this cannot fail.
        let _ = STANDARD.encode_slice(bytes, space);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_any_length_are_one_encoding() {
        let bytes: Vec<u8> = (0..=255).collect();
        for size in 1..20 {
            let (mut encoder, mut out) = (Encoder::default(), Vec::new());
            bytes.chunks(size).for_each(|chunk| encoder.push(chunk, &mut out));
            encoder.finish(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), STANDARD.encode(&bytes), "chunks of {size}");
        }
    }
}
