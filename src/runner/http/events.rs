//! `text/event-stream`: the data of each event as it comes, a line of output each.

use bytes::Bytes;

use crate::model::HttpStream;

/// What has come of a stream of events.
pub struct Events {
    until: Option<String>,
    /// The beginning of a line.
    line: Vec<u8>,
    /// The data of an event that has begun.
    data: Vec<u8>,
    has_data: bool,
    /// A `\r` was seen; a `\n` behind it belongs to it.
    after_return: bool,
    is_first: bool,
    pub is_over: bool,
}

impl Events {
    /// Reads events if the call wants them and the answer has such.
    pub fn of(stream: &HttpStream, content_type: Option<&str>) -> Option<Self> {
        let HttpStream::Events { until } = stream else { return None };
        let kind = content_type?.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/event-stream").then(|| Self {
            until: until.clone(),
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            after_return: false,
            is_first: true,
            is_over: false,
        })
    }

    /// The data of the events that ended in these bytes, a line each.
    pub fn push(&mut self, bytes: &[u8]) -> Bytes {
        let mut output = Vec::new();
        for &byte in bytes {
            if self.is_over {
                break;
            }
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => self.end_line(&mut output),
                byte => self.line.push(byte),
            }
        }
        output.into()
    }

    /// What came of an event that nobody ended.
    pub fn rest(&mut self) -> Bytes {
        let mut output = Vec::new();
        if !self.is_over {
            self.dispatch(&mut output);
        }
        output.into()
    }

    fn end_line(&mut self, output: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        let line = match std::mem::take(&mut self.is_first) {
            true => line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line),
            false => &line,
        };
        if line.is_empty() {
            return self.dispatch(output);
        }
        let Some(data) = line.strip_prefix(b"data") else { return };
        let data = match data {
            [b':', b' ', data @ ..] | [b':', data @ ..] => data,
            [] => &[],
            // Another field, whose name begins so.
            _ => return,
        };
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(data);
    }

    fn dispatch(&mut self, output: &mut Vec<u8>) {
        let data = std::mem::take(&mut self.data);
        if !std::mem::take(&mut self.has_data) {
            return;
        }
        if self.until.as_ref().is_some_and(|until| until.as_bytes() == data) {
            self.is_over = true;
            return;
        }
        output.extend_from_slice(&data);
        output.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(until: Option<&str>) -> Events {
        let stream = HttpStream::Events { until: until.map(str::to_owned) };
        Events::of(&stream, Some("Text/Event-Stream; charset=utf-8")).unwrap()
    }

    #[test]
    fn each_event_is_a_line_wherever_the_chunks_are_cut() {
        let text = "\u{feff}: hello\n\ndata: one\nid: 1\n\r\ndata:two\r\ndata: lines\r\rdatax: no\ndata\n\nevent: e\n\ndata: [DONE]\n\ndata: late\n\n";
        for cut in 0..text.len() {
            let mut events = events(Some("[DONE]"));
            let (left, right) = text.as_bytes().split_at(cut);
            let output = [events.push(left), events.push(right), events.rest()].concat();
            assert_eq!(String::from_utf8(output).unwrap(), "one\ntwo\nlines\n\n", "cut at {cut}");
            assert!(events.is_over);
        }
    }

    #[test]
    fn what_came_of_the_last_event_is_not_lost() {
        let mut events = events(None);
        assert_eq!(events.push(b"data: half\nda"), "");
        assert_eq!(events.rest(), "half\n");
    }

    #[test]
    fn other_answers_are_left_alone() {
        let stream = HttpStream::Events { until: None };
        assert!(Events::of(&stream, Some("application/json")).is_none());
        assert!(Events::of(&stream, None).is_none());
        assert!(Events::of(&HttpStream::Bytes, Some("text/event-stream")).is_none());
    }
}
