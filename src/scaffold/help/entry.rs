//! Lines of help → entries: what stands in the left column, and the text to it.

/// `-i, --ignore-case` and `ignore case distinctions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub term: String,
    pub text: String,
}

/// An entry whose text may go on.
struct Open {
    entry: Entry,
    indent: usize,
    /// Where the text stands, once it has begun.
    column: Option<usize>,
}

/// Every indented pair of term and text; options and arguments alike.
pub fn entries(help: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut open: Option<Open> = None;
    for line in help.lines().map(without_tabs) {
        let line = line.trim_end();
        let indent = line.len() - line.trim_start().len();
        if let Some(current) = &mut open
            && current.takes(line, indent)
        {
            continue;
        }
        entries.extend(open.take().map(|open| open.entry));
        open = begin(line, indent);
    }
    entries.extend(open.map(|open| open.entry));
    entries
}

fn without_tabs(line: &str) -> String {
    line.replace('\t', "        ")
}

/// An indented term; an option may stand alone on its line, anything else needs its text beside it.
fn begin(line: &str, indent: usize) -> Option<Open> {
    if indent == 0 {
        return None;
    }
    let (term, text) = match line.trim_start().split_once("  ") {
        Some((term, text)) => (term, text.trim_start()),
        None => (line.trim_start(), ""),
    };
    if text.is_empty() && !term.starts_with('-') {
        return None;
    }
    let column = (!text.is_empty()).then(|| line.len() - text.len());
    Some(Open { entry: Entry { term: term.to_owned(), text: text.to_owned() }, indent, column })
}

impl Open {
    /// Whether a line goes on with this entry's text.
    fn takes(&mut self, line: &str, indent: usize) -> bool {
        let goes_on = match self.column {
            Some(column) => indent + 1 >= column && !line.is_empty(),
            None => {
                indent > self.indent && (!line.trim_start().starts_with('-') || indent >= self.indent + 8)
            }
        };
        if goes_on {
            self.column.get_or_insert(indent);
            if !self.entry.text.is_empty() {
                self.entry.text.push(' ');
            }
            self.entry.text.push_str(line.trim_start());
        }
        goes_on
    }
}
