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
    const BLOCK: usize = 32;
    let mut clean = 0;
    for block in bytes.chunks_exact(BLOCK) {
        // A fold without an early exit: this becomes a few vector instructions a block.
        if block.iter().fold(false, |found, &byte| found | needs_escape(byte)) {
            break;
        }
        clean += BLOCK;
    }
    let tail = bytes.get(clean..).unwrap_or_default();
    clean + tail.iter().position(|&byte| needs_escape(byte)).unwrap_or(tail.len())
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
