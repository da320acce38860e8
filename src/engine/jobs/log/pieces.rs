//! Bytes in the order in which they came, without a second copy of what others hold too.

use bytes::Bytes;

/// Smaller pieces are joined: each costs some bytes beside its content, and may keep a whole buffer.
const SMALL: usize = 1024;
const JOINED: usize = 16 << 10;

#[derive(Debug, Default)]
pub struct Pieces {
    whole: Vec<Bytes>,
    /// What follows them, and grows.
    begun: Vec<u8>,
    len: usize,
}

impl Pieces {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.len += bytes.len();
        if self.begun.len() + bytes.len() > JOINED || bytes.len() >= SMALL {
            self.end_piece();
        }
        match bytes.len() {
            ..SMALL => self.begun.extend_from_slice(&bytes),
            _ => self.whole.push(bytes),
        }
    }

    /// All of it, and nothing is left here.
    pub fn take(&mut self) -> Self {
        self.end_piece();
        std::mem::take(self)
    }

    /// The same bytes, for somebody else. What is still growing is not among them: see [`Pieces::take`].
    pub fn shared(&self) -> Vec<Bytes> {
        self.whole.clone()
    }

    /// What comes after these.
    pub fn append(&mut self, mut rest: Self) {
        self.end_piece();
        rest.end_piece();
        self.len += rest.len;
        self.whole.append(&mut rest.whole);
    }

    /// Copies what lies behind `from`, at most so many bytes.
    pub fn copy(&self, from: usize, most: usize, to: &mut Vec<u8>) {
        let (mut skipped, mut room) = (from, most);
        for piece in self.whole.iter().map(Bytes::as_ref).chain([self.begun.as_slice()]) {
            let rest = piece.get(skipped..).unwrap_or_default();
            skipped = skipped.saturating_sub(piece.len());
            let taken = rest.get(..room).unwrap_or(rest);
            to.extend_from_slice(taken);
            room -= taken.len();
        }
    }

    fn end_piece(&mut self) {
        if !self.begun.is_empty() {
            self.whole.push(std::mem::take(&mut self.begun).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pieces_are_shared_and_small_ones_joined() {
        let large = Bytes::from(vec![b'x'; SMALL]);
        let mut pieces = Pieces::default();
        for _ in 0..3 {
            pieces.push(Bytes::from_static(b"small"));
        }
        pieces.push(large.clone());
        pieces.push(Bytes::from_static(b"end"));
        let taken = pieces.take();
        assert_eq!((pieces.len(), taken.len()), (0, 15 + SMALL + 3));
        let shared = taken.shared();
        assert_eq!(shared.iter().map(Bytes::len).collect::<Vec<_>>(), [15, SMALL, 3]);
        assert_eq!(shared[1].as_ptr(), large.as_ptr(), "no second copy");
    }

    #[test]
    fn any_part_is_copied_wherever_pieces_end() {
        let mut pieces = Pieces::default();
        let mut whole = Vec::new();
        for size in [1, 1023, 1024, 3, 2000, 16 << 10, 7] {
            let piece: Vec<u8> = (0..size).map(|at| (at * 7 + size) as u8).collect();
            whole.extend_from_slice(&piece);
            pieces.push(piece.into());
        }
        for from in [0, 1, 500, 1023, 1024, 1025, 2048, 5000, whole.len() - 1, whole.len(), whole.len() + 9] {
            for most in [0, 1, 1024, 5000, usize::MAX] {
                let mut copied = Vec::new();
                pieces.copy(from, most, &mut copied);
                let rest = whole.get(from..).unwrap_or_default();
                assert_eq!(copied, rest[..most.min(rest.len())], "{from} {most}");
            }
        }
    }
}
