//! JSON lines → what a body holds: one JSON text, or a stream of events.

/// How messages are put into a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// The one answer, alone.
    Json,
    /// Server-sent events, one a message.
    Events,
}

impl Framing {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Events => "text/event-stream",
        }
    }

    /// What says nothing and shows that somebody is there.
    pub fn sign_of_life(self) -> &'static [u8] {
        match self {
            // Space in front of a JSON text means nothing.
            Self::Json => b" ",
            Self::Events => b": still here\n\n",
        }
    }
}

/// Frames the parts of lines as they come; a line may be in many parts.
#[derive(Debug)]
pub(super) struct Framer {
    framing: Framing,
    is_within: bool,
}

impl Framer {
    pub(super) fn new(framing: Framing) -> Self {
        Self { framing, is_within: false }
    }

    pub(super) fn is_within(&self) -> bool {
        self.is_within
    }

    pub(super) fn frame(&mut self, part: Vec<u8>) -> Vec<u8> {
        if self.framing == Framing::Json {
            self.is_within = true;
            return part;
        }
        let mut out = Vec::with_capacity(part.len() + 64);
        for piece in part.split_inclusive(|byte| *byte == b'\n') {
            if !self.is_within {
                out.extend_from_slice(b"event: message\ndata: ");
            }
            out.extend_from_slice(piece);
            self.is_within = !piece.ends_with(b"\n");
            if !self.is_within {
                out.push(b'\n');
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_one_event_however_it_is_cut() {
        let mut framer = Framer::new(Framing::Events);
        let parts = ["{\"a\":1}\n{\"b\"", ":2", "}\n"];
        let framed: Vec<u8> = parts.iter().flat_map(|part| framer.frame(part.as_bytes().to_vec())).collect();
        let text = String::from_utf8(framed).unwrap();
        assert_eq!(text, "event: message\ndata: {\"a\":1}\n\nevent: message\ndata: {\"b\":2}\n\n");
        assert!(!framer.is_within());
    }
}
