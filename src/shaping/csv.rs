//! stdout that is a table.

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use crate::model::CsvForm;

use super::{MOST_CELLS, MOST_ROWS};

/// An object a row by the names of the first one; without a header a list a row.
pub fn value(form: CsvForm, stdout: &[u8]) -> Result<Value, String> {
    let stdout = stdout.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stdout);
    // Rows of different lengths are told apart here, with words of ours.
    let mut reader =
        ReaderBuilder::new().delimiter(form.delimiter).has_headers(false).flexible(true).from_reader(stdout);
    let mut table = Table { names: None, rows: Vec::new(), cells: 0 };
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        if !reader.read_record(&mut record).map_err(|error| broken(&error, line))? {
            return Ok(Value::Array(table.rows));
        }
        let line = record.position().map_or(line, csv::Position::line);
        table.take(form, &record, line)?;
    }
}

struct Table {
    names: Option<Vec<String>>,
    rows: Vec<Value>,
    cells: usize,
}

impl Table {
    fn take(&mut self, form: CsvForm, record: &StringRecord, line: u64) -> Result<(), String> {
        self.cells += record.len();
        if self.rows.len() == MOST_ROWS || self.cells > MOST_CELLS {
            return Err(format!(
                "the table has more than {MOST_ROWS} rows or {MOST_CELLS} cells, which is more than a result holds"
            ));
        }
        let Some(names) = &self.names else {
            if form.header {
                self.names = Some(header(record)?);
            } else {
                self.rows.push(Value::Array(record.iter().map(Value::from).collect()));
            }
            return Ok(());
        };
        if record.len() != names.len() {
            let (row, cells, columns) = (self.rows.len() + 1, record.len(), names.len());
            return Err(format!(
                "the command promised CSV on stdout, but row {row} (line {line}) has {cells} cells, and the header names {columns} columns"
            ));
        }
        let cells = names.iter().zip(record).map(|(name, cell)| (name.clone(), Value::from(cell)));
        self.rows.push(Value::Object(cells.collect::<Map<_, _>>()));
        Ok(())
    }
}

fn header(record: &StringRecord) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    for name in record {
        if names.iter().any(|known| known == name) {
            return Err(format!(
                "the header of the CSV names `{name}` twice; `header: false` gives lists instead"
            ));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn broken(error: &csv::Error, line: u64) -> String {
    let reason = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "is no UTF-8".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    format!("the command promised CSV on stdout, but line {line} {reason}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLAIN: CsvForm = CsvForm { header: true, delimiter: b',' };

    #[test]
    fn a_header_makes_objects_of_rows() {
        let text = "\u{feff}name,note\r\nweb,\"a, \"\"b\"\"\nc\"\r\n\r\ndb,\r\n";
        let expected = json!([{ "name": "web", "note": "a, \"b\"\nc" }, { "name": "db", "note": "" }]);
        assert_eq!(value(PLAIN, text.as_bytes()), Ok(expected));
        assert_eq!(value(PLAIN, b"a,b\n"), Ok(json!([])));
        assert_eq!(value(PLAIN, b""), Ok(json!([])));
        let lists = CsvForm { header: false, delimiter: b'\t' };
        assert_eq!(value(lists, b"a\tb\nc\n"), Ok(json!([["a", "b"], ["c"]])));
    }

    #[test]
    fn what_is_no_table_says_where() {
        for (text, end) in [
            (&b"a,b\n1,2\n1\n"[..], "row 2 (line 3) has 1 cells, and the header names 2 columns"),
            (b"a,b\n1,2,3\n", "row 1 (line 2) has 3 cells, and the header names 2 columns"),
            (b"a,b,a\n", "names `a` twice; `header: false` gives lists instead"),
            (b"a,b\n1,\xff\n", "line 2 is no UTF-8"),
        ] {
            let problem = value(PLAIN, text).unwrap_err();
            assert!(problem.ends_with(end), "{problem}");
        }
    }

    #[test]
    fn a_table_of_a_million_rows_is_refused() {
        let text = format!("a\n{}", "1\n".repeat(1_000_000));
        assert!(value(PLAIN, text.as_bytes()).unwrap_err().contains("more than 200000 rows"));
        let wide = CsvForm { header: false, delimiter: b',' };
        assert!(value(wide, ",".repeat(2_000_000).as_bytes()).is_err());
    }
}
