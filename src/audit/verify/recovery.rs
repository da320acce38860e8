//! What servers have written down of losses: that the end of the log was not what they had left.

use std::path::PathBuf;

use super::super::event::Loss;
use super::super::pages::Entry;
use super::range;
use super::walk::Walk;

impl Walk<'_> {
    /// Tells what a record says of a loss, if it is one of those.
    pub(super) fn recovered(&mut self, entry: &Entry, seq: u64, place: &(PathBuf, u64)) {
        if entry.text_of("event") != Some("log.recovered") {
            return;
        }
        let (records, bytes) = (entry.number_of("records"), entry.number_of("bytes"));
        let Some(loss) = entry.text_of("what").and_then(Loss::read) else {
            let text =
                format!("record {seq} says that the log was not what was left, and nothing that we know");
            return self.find(Some(place.clone()), Some(seq), "recovered", text);
        };
        let said = format!("record {seq} says: {}", loss.text());
        match loss {
            Loss::NoHead | Loss::Unsigned => {
                let open = "whether records are missing before it cannot be told";
                let text = format!("{said}; {open}{}", self.signed_by_nobody(seq - 1));
                self.find(Some(place.clone()), Some(seq), "recovered", text);
            }
            // Nobody but the server, which has the key, was to write these.
            Loss::Killed if records > 0 && self.has_key() => {
                let own = range(seq.saturating_sub(records).max(1), seq - 1);
                let text = format!("{said}; {own} not known to be its own");
                self.find(Some(place.clone()), Some(seq), "recovered", text);
            }
            Loss::Killed => {
                let text = format!("{said}; whole records: {records}, bytes of another one: {bytes}");
                self.note_at(place, &text);
            }
            // The numbers say what is missing, unless it is here.
            Loss::Moved => self.note_at(place, &said),
        }
    }

    fn note_at(&mut self, (file, line): &(PathBuf, u64), text: &str) {
        self.note(format!("{}:{line}: {text}", file.display()));
    }
}
