//! The two ends of a log: whether it begins and ends where its head says, and what cannot be told
//! without one.

use super::super::head::{Head, Unknown};
use super::range;
use super::walk::Walk;

const NO_HEAD: &str =
    "there is no head beside the log: whether records are missing at its end cannot be told";

impl Walk<'_> {
    /// `latest` is the last record that the head knew when everything was read.
    pub(super) fn ends(&mut self, head: &Result<Head, Unknown>, latest: u64) {
        let aside = self.aside().filter(|_| *head == Err(Unknown::Absent));
        match aside {
            Some(first) => self.put_aside(first),
            None => {
                self.beginning(head.as_ref().ok());
                self.ending(head, latest);
            }
        }
    }

    /// Of a log, files that were put aside are a part, whose beginning stands in its name.
    fn put_aside(&mut self, named: u64) {
        self.begins_with(named);
        let (Some(first), Some(last)) = (self.first(), self.last_seq()) else { return };
        self.note(format!(
            "these are records {first} to {last} of a log; whether there are records before and behind them cannot be told without its other files and its head"
        ));
        if let Some(unsigned) = self.unsigned(last) {
            let text =
                format!("a file that was put aside ends with a checkpoint{}", self.signed_by_nobody(last));
            self.find(None, Some(unsigned), "unproven", text);
        }
    }

    fn beginning(&mut self, head: Option<&Head>) {
        let oldest = head.map_or(self.oldest, |head| head.oldest.max(self.oldest));
        self.begins_with(oldest);
        if let Some(first) = self.first().filter(|first| *first > 1 && *first <= oldest) {
            self.note(format!(
                "the log begins with record {first}; older files were removed by `rotate.keep`"
            ));
        }
    }

    fn begins_with(&mut self, oldest: u64) {
        if let Some(first) = self.first().filter(|first| *first > oldest) {
            let text = format!("{} missing at the beginning", range(oldest, first - 1));
            self.find(self.first_place.clone(), Some(oldest), "missing", text);
        }
    }

    fn ending(&mut self, head: &Result<Head, Unknown>, latest: u64) {
        let text = match head {
            Ok(head) => return self.ends_as(head, latest),
            Err(Unknown::Absent) => return self.headless(),
            Err(Unknown::Strange) => "the head is none of ours",
            Err(Unknown::Forged) => "the head is not signed with this key",
            Err(Unknown::Unsigned) => "the head is not signed",
        };
        self.find(None, None, "forged", text.to_owned());
    }

    /// A log that a server writes has a head, so somebody has taken it away, or left it behind.
    fn headless(&mut self) {
        let last = self.last_seq().unwrap_or_default();
        let text = format!("{NO_HEAD}{}", self.signed_by_nobody(last));
        if self.has_chain() && !self.is_headless() {
            self.find(None, Some(self.unsigned(last).unwrap_or(last + 1)), "unproven", text);
        } else if last > 0 {
            self.note(text);
        }
    }

    fn ends_as(&mut self, head: &Head, latest: u64) {
        let (last, latest) = (self.last_seq().unwrap_or_default(), latest.max(head.seq));
        if last < head.seq {
            let text = format!("{} missing at the end", range(last + 1, head.seq));
            self.find(None, Some(last + 1), "missing", text);
        } else if self.at_head.as_ref().is_some_and(|hash| *hash != head.hash) {
            let text = format!("record {} is not the one that was written last", head.seq);
            self.find(None, Some(head.seq), "changed", text);
        } else if last > latest {
            let text = format!(
                "{} not in the head: a server was killed while it wrote, or somebody else has written them",
                range(latest + 1, last)
            );
            match self.has_key() {
                true => self.find(None, Some(latest + 1), "unproven", text),
                false => self.note(text),
            }
        }
        self.report.head = Some((head.seq..=latest).contains(&last));
    }
}
