//! A context as a tar archive, written piece by piece. Modes, owners and times are the same on every
//! host, as git has them, so that the same files are the same image.

use std::fs::File;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::{Content, Context, Entry};

const BLOCK: usize = 512;
const PIECE: usize = 64 * 1024;
/// Longer names do not fit into the header of an entry.
const NAME: usize = 100;

/// Hands out the whole archive. A file that is not what it was when it was looked at is an error.
pub fn write(context: &Context, mut hand_on: impl FnMut(Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    for entry in &context.entries {
        hand_on(head(entry))?;
        match &entry.content {
            Content::Folder | Content::Link(_) => {}
            Content::Text(text) => hand_on(padded(text.clone()))?,
            Content::File { path, length, digest } => {
                let mut file = File::open(path)?.take(length + 1);
                let (mut read, mut hash) = (0, Sha256::new());
                loop {
                    let mut piece = vec![0; PIECE];
                    let count = file.read(&mut piece)?;
                    if count == 0 {
                        break;
                    }
                    piece.truncate(count);
                    read += count as u64;
                    hash.update(&piece);
                    hand_on(piece)?;
                }
                if read != *length || <[u8; 32]>::from(hash.finalize()) != *digest {
                    let path = path.display();
                    return Err(io::Error::other(format!("`{path}` was changed while it was handed over")));
                }
                hand_on(vec![0; padding(*length)])?;
            }
        }
    }
    hand_on(vec![0; 2 * BLOCK])
}

fn padded(mut text: Vec<u8>) -> Vec<u8> {
    text.resize(text.len() + padding(text.len() as u64), 0);
    text
}

fn padding(length: u64) -> usize {
    let over = usize::try_from(length % BLOCK as u64).unwrap_or_default();
    if over == 0 { 0 } else { BLOCK - over }
}

/// The header of an entry; before it what is too long to stand in it.
fn head(entry: &Entry) -> Vec<u8> {
    let (kind, mode, length, link): (u8, u32, u64, &[u8]) = match &entry.content {
        Content::Folder => (b'5', 0o755, 0, b""),
        Content::Link(target) => (b'2', 0o777, 0, target),
        Content::Text(text) => (b'0', 0o644, text.len() as u64, b""),
        Content::File { length, .. } => (b'0', if entry.is_executable { 0o755 } else { 0o644 }, *length, b""),
    };
    let mut name = entry.name.clone();
    if kind == b'5' {
        name.push(b'/');
    }
    let mut bytes = Vec::new();
    for (kind, long) in [(b'K', link), (b'L', name.as_slice())] {
        if long.len() > NAME {
            bytes.extend(header(b"././@LongLink", kind, 0o644, long.len() as u64 + 1, b""));
            bytes.extend(padded([long, b"\0"].concat()));
        }
    }
    bytes.extend(header(&name, kind, mode, length, link));
    bytes
}

fn header(name: &[u8], kind: u8, mode: u32, length: u64, link: &[u8]) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8], most: usize| {
        for (place, byte) in header.iter_mut().skip(at).zip(bytes.iter().take(most)) {
            *place = *byte;
        }
    };
    put(0, name, NAME);
    put(100, format!("{mode:07o}").as_bytes(), 7);
    put(108, b"0000000", 7);
    put(116, b"0000000", 7);
    put(124, format!("{length:011o}").as_bytes(), 11);
    put(136, b"00000000000", 11);
    put(148, b"        ", 8);
    put(156, &[kind], 1);
    put(157, link, NAME);
    put(257, b"ustar  \0", 8);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
        *place = byte;
    }
    header
}
