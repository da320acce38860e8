//! What a request carries: text as written, JSON with its types kept, or a form.

use serde_json::Value;

use crate::model::{HttpBody, JsonTemplate, Piece, Reference, Template};
use crate::plan::expand::{Expansion, fill_of, value_text};
use crate::plan::{Encoding, Fill, Word};

use super::url::pairs;

/// The body, and what it is. There is none if everything in it is absent.
pub fn body(expansion: &mut Expansion<'_>, body: &HttpBody) -> (Option<Word>, Option<&'static str>) {
    match body {
        // Parts are planned apart: they are no word.
        HttpBody::Empty | HttpBody::Multipart(_) => (None, None),
        HttpBody::Text { text, content_type } => (expansion.text(text), Some(*content_type)),
        HttpBody::Json(template) => {
            let mut fills = Fills::default();
            // Whatever is absent in it, the document itself is there.
            if !fills.json(expansion, template, true) {
                return (None, None);
            }
            (Some(fills.into_word()), Some("application/json"))
        }
        HttpBody::Form(fields) => {
            let mut fills = Fills::default();
            for (index, pair) in pairs(expansion, fields).into_iter().enumerate() {
                fills.text(if index > 0 { "&" } else { "" });
                pair.into_iter().for_each(|fill| fills.push(fill));
            }
            (Some(fills.into_word()), Some("application/x-www-form-urlencoded"))
        }
    }
}

/// A word that grows; text beside text is one.
#[derive(Default)]
struct Fills(Vec<Fill>);

impl Fills {
    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Fill::Text(before)) => before.push_str(text),
            _ => self.0.push(Fill::Text(text.to_owned())),
        }
    }

    fn push(&mut self, fill: Fill) {
        match fill {
            Fill::Text(text) => self.text(&text),
            hole => self.0.push(hole),
        }
    }

    fn into_word(self) -> Word {
        Word::of(self.0)
    }

    /// Writes a value. `false` if it is absent: nothing was written then.
    fn json(&mut self, expansion: &Expansion<'_>, template: &JsonTemplate, is_root: bool) -> bool {
        match template {
            JsonTemplate::Value(value) => {
                self.text(&value.to_string());
                true
            }
            JsonTemplate::Text(template) => self.leaf(expansion, template),
            JsonTemplate::List(items) => {
                let children = items.iter().map(|item| (None, item));
                self.collection(expansion, ('[', ']'), children, is_root || items.is_empty())
            }
            JsonTemplate::Map(entries) => {
                let children = entries.iter().map(|(key, item)| (Some(key.as_str()), item));
                self.collection(expansion, ('{', '}'), children, is_root || entries.is_empty())
            }
        }
    }

    /// Writes what is there of a collection. One of which nothing is there is absent itself.
    fn collection<'t>(
        &mut self,
        expansion: &Expansion<'_>,
        (open, close): (char, char),
        children: impl Iterator<Item = (Option<&'t str>, &'t JsonTemplate)>,
        may_be_empty: bool,
    ) -> bool {
        let mut inside = Self::default();
        for (key, child) in children {
            let mut value = Self::default();
            if !value.json(expansion, child, false) {
                continue;
            }
            inside.text(if inside.0.is_empty() { "" } else { "," });
            if let Some(key) = key {
                inside.text(&format!("{}:", Value::from(key)));
            }
            value.0.into_iter().for_each(|fill| inside.push(fill));
        }
        if inside.0.is_empty() && !may_be_empty {
            return false;
        }
        self.text(&open.to_string());
        inside.0.into_iter().for_each(|fill| self.push(fill));
        self.text(&close.to_string());
        true
    }

    /// A value that is exactly one template keeps its type, anything else is a text.
    fn leaf(&mut self, expansion: &Expansion<'_>, template: &Template) -> bool {
        if let Some(reference @ Reference::Param { .. }) = template.whole() {
            let Some(found) = expansion.find_any(reference) else { return false };
            match &found.value {
                Value::String(text) => self.quoted(vec![fill_of(found.param, Encoding::Json.encode(text))]),
                other => self.push(fill_of(found.param, other.to_string())),
            }
            return true;
        }
        let fills: Option<Vec<Fill>> =
            template.pieces().iter().map(|piece| inside_text(expansion, piece)).collect();
        let is_there = fills.is_some();
        fills.into_iter().for_each(|fills| self.quoted(fills));
        is_there
    }

    fn quoted(&mut self, fills: Vec<Fill>) {
        self.text("\"");
        fills.into_iter().for_each(|fill| self.push(fill));
        self.text("\"");
    }
}

fn inside_text(expansion: &Expansion<'_>, piece: &Piece) -> Option<Fill> {
    let encode = |text: &str| Encoding::Json.encode(text);
    Some(match piece {
        Piece::Text(text) => Fill::Text(encode(text)),
        Piece::Value(Reference::Secret(name)) | Piece::Json(Reference::Secret(name)) => {
            Fill::Encoded(name.clone(), Encoding::Json)
        }
        Piece::Value(reference) => {
            let found = expansion.find_any(reference)?;
            fill_of(found.param, encode(&value_text(&found.value)))
        }
        Piece::Json(reference) => {
            let found = expansion.find_any(reference)?;
            fill_of(found.param, encode(&found.value.to_string()))
        }
    })
}
