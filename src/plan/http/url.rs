//! The final URL: each value encoded for the place where it stands.

use crate::model::{HttpAction, Piece, Reference, Template, is_dots, percent_encoded};
use crate::plan::expand::{Expansion, fill_of, value_text};
use crate::plan::{Fill, Word};

pub fn url(expansion: &mut Expansion<'_>, action: &HttpAction) -> Option<Word> {
    let mut fills = vec![Fill::Text(action.url.origin.to_string())];
    let mut is_whole = true;
    for segment in &action.url.segments {
        fills.push(Fill::Text("/".to_owned()));
        match self::segment(expansion, segment) {
            Some(filled) => fills.extend(filled),
            None => is_whole = false,
        }
    }
    let mut sign = '?';
    if let Some(query) = &action.url.query {
        fills.push(Fill::Text(sign.to_string()));
        match pieces(expansion, query) {
            Some(filled) => fills.extend(filled),
            None => is_whole = false,
        }
        sign = '&';
    }
    for fill in pairs(expansion, &action.query) {
        fills.push(Fill::Text(sign.to_string()));
        fills.extend(fill);
        sign = '&';
    }
    is_whole.then(|| Word::of(joined(fills)))
}

/// `name=value` for each value that is there, encoded.
pub fn pairs(expansion: &mut Expansion<'_>, pairs: &[(String, Vec<Template>)]) -> Vec<Vec<Fill>> {
    let mut filled = Vec::new();
    for (name, templates) in pairs {
        for template in templates {
            for value in values(expansion, template) {
                let mut pair = vec![Fill::Text(format!("{}=", percent_encoded(name)))];
                pair.extend(value);
                filled.push(pair);
            }
        }
    }
    filled
}

/// The values of one template: several if it is exactly one array, none if a parameter is absent.
fn values(expansion: &mut Expansion<'_>, template: &Template) -> Vec<Vec<Fill>> {
    if let Some(found) = template.whole().and_then(|reference| expansion.find(reference))
        && let Some(items) = found.value.as_array()
    {
        let fill = |item| vec![fill_of(found.param, percent_encoded(&value_text(item)))];
        return items.iter().map(fill).collect();
    }
    let fills: Option<Vec<Fill>> =
        template.pieces().iter().map(|piece| encoded(expansion, piece, percent_encoded)).collect();
    fills.into_iter().collect()
}

fn encoded(expansion: &Expansion<'_>, piece: &Piece, of_text: fn(&str) -> String) -> Option<Fill> {
    match piece {
        Piece::Text(text) => Some(Fill::Text(of_text(text))),
        Piece::Value(Reference::Secret(name)) | Piece::Json(Reference::Secret(name)) => {
            Some(Fill::Encoded(name.clone(), crate::plan::Encoding::Percent))
        }
        Piece::Value(reference) => {
            let found = expansion.find(reference)?;
            Some(fill_of(found.param, percent_encoded(&value_text(&found.value))))
        }
        Piece::Json(reference) => {
            let found = expansion.find_any(reference)?;
            Some(fill_of(found.param, percent_encoded(&found.value.to_string())))
        }
    }
}

/// Text of the file has been encoded when it was loaded; only values are encoded here.
fn pieces(expansion: &mut Expansion<'_>, pieces: &[Piece]) -> Option<Vec<Fill>> {
    let mut fills = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let fill = encoded(expansion, piece, str::to_owned);
        if fill.is_none()
            && let Piece::Value(reference) | Piece::Json(reference) = piece
        {
            expansion.refuse(&name_of(reference), "is absent, and the URL needs it");
        }
        fills.push(fill?);
    }
    Some(fills)
}

/// A segment of the path. An empty one, `.` and `..` would make another path of it.
fn segment(expansion: &mut Expansion<'_>, segment: &[Piece]) -> Option<Vec<Fill>> {
    let fills = pieces(expansion, segment)?;
    let first = segment.iter().find_map(|piece| match piece {
        Piece::Value(reference) | Piece::Json(reference) => Some(name_of(reference)),
        Piece::Text(_) => None,
    });
    let Some(name) = first else { return Some(fills) };
    let text: String = fills
        .iter()
        .map(|fill| match fill {
            Fill::Text(text) | Fill::Sensitive(text) | Fill::Later(text) => text.as_str(),
            Fill::Secret(_) | Fill::Encoded(..) => "",
        })
        .collect();
    let problem = match text.as_str() {
        "" => "is empty, and a part of the URL's path cannot be",
        text if is_dots(text) => "would lead to another path of the server",
        _ => return Some(fills),
    };
    expansion.refuse(&name, problem);
    None
}

/// What a problem is about: a parameter without what is selected from it.
fn name_of(reference: &Reference) -> String {
    match reference {
        Reference::Param { name, .. } => name.to_string(),
        other => other.to_string(),
    }
}

/// Text beside text as one.
fn joined(fills: Vec<Fill>) -> Vec<Fill> {
    let mut joined: Vec<Fill> = Vec::new();
    for fill in fills {
        match (joined.last_mut(), fill) {
            (Some(Fill::Text(before)), Fill::Text(text)) => before.push_str(&text),
            (_, fill) => joined.push(fill),
        }
    }
    joined
}
