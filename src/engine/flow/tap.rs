//! What a step's command writes while it runs, on its way to whoever watches the whole.

use bytes::Bytes;

use crate::engine::{News, Stream, Watcher};

use super::Conductor;

/// Longer lines are handed on in parts.
const LINE: usize = 4 << 10;

/// The watcher of one step.
pub struct Tap<'c, 'w> {
    pub conductor: &'c Conductor<'w>,
    /// Its output is the output of the whole.
    pub is_own: bool,
    /// Lines of steps side by side must not be mixed.
    pub unfinished: [Vec<u8>; 2],
}

impl Watcher for Tap<'_, '_> {
    fn preparing(&mut self, news: &News) {
        self.conductor.tell(|watcher| watcher.preparing(news));
    }

    fn output(&mut self, stream: Stream, bytes: &Bytes) {
        if self.is_own {
            return self.conductor.tell(|watcher| watcher.output(stream, bytes));
        }
        let [stdout, stderr] = &mut self.unfinished;
        let unfinished = match stream {
            Stream::Stdout => stdout,
            Stream::Stderr => stderr,
        };
        unfinished.extend_from_slice(bytes);
        let end = unfinished.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map(|last| last + 1);
        let end = end.or((unfinished.len() > LINE).then_some(unfinished.len()));
        let Some(end) = end else { return };
        let rest = unfinished.split_off(end);
        let whole = Bytes::from(std::mem::replace(unfinished, rest));
        self.conductor.tell(|watcher| watcher.step_output(stream, &whole));
    }
}
