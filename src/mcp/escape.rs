//! Text → the inside of a JSON string, straight into the buffer that is written.
//!
//! Results are tens of megabytes at times, so clean stretches are found a block at a time.

/// Appends `text` to `out` as it stands between the quotes of a JSON string.
pub(super) fn escape_into(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    out.reserve(rest.len());
    loop {
        let (clean, tail) = rest.split_at(clean_prefix(rest));
        out.extend_from_slice(clean);
        let Some((&byte, tail)) = tail.split_first() else { return };
        escape_byte(byte, out);
        rest = tail;
    }
}

/// Appends `text` as a JSON string, quotes and all.
pub(super) fn quote_into(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escape_into(text, out);
    out.push(b'"');
}

/// How many bytes from the start need no escape.
fn clean_prefix(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    let mut clean = 0;
    for word in words {
        let found = first_escape(u64::from_le_bytes(*word));
        clean += found;
        if found < 8 {
            return clean;
        }
    }
    let tail = bytes.get(clean..).unwrap_or_default();
    clean + tail.iter().position(|&byte| needs_escape(byte)).unwrap_or(tail.len())
}

/// The place of the first byte of eight that needs an escape; 8 if none does.
///
/// All eight are looked at in one register. A borrow may mark bytes falsely, but only behind one
/// that is marked rightly, and only the first one counts.
fn first_escape(word: u64) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let found = (below(word, 0x20) | is(b'"') | is(b'\\')) & HIGH;
    found.trailing_zeros() as usize / 8
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape_byte(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
            out.extend_from_slice(b"\\u00");
            out.extend([digit(byte >> 4), digit(byte & 15)]);
            return;
        }
    };
    out.extend([b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_needs_an_escape_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut word = [b'!'; 8];
                word[place] = byte;
                let expected = if needs_escape(byte) { place } else { 8 };
                assert_eq!(first_escape(u64::from_le_bytes(word)), expected, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn what_is_escaped_reads_back_the_same() {
        let every: String = (0..0x180_u32).filter_map(char::from_u32).collect();
        for text in
            ["", "plain", "\"\\\n\r\t\u{0}\u{1f}", "é😀\u{2028}", &every, &"x".repeat(100), &"a\n".repeat(99)]
        {
            let mut out = Vec::new();
            quote_into(text, &mut out);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
