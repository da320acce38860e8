//! `multipart`: texts, and files that are the file's own or stay within a folder.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::{Scope, Spot};
use crate::config::native::{Part, Parts};
use crate::config::read::Spanned;
use crate::model::{HttpPart, PartContent, Reference, Template};

/// `None` if it cannot be sent; that has been reported.
pub fn multipart(scope: &Scope<'_>, written: &Parts<'_>) -> Option<Vec<HttpPart>> {
    // All of them are read, so that every problem is told.
    let parts: Vec<Option<HttpPart>> = written.list.iter().map(|part| self::part(scope, part)).collect();
    parts.into_iter().collect()
}

fn part(scope: &Scope<'_>, part: &Part<'_>) -> Option<HttpPart> {
    let content_type = part.content_type.map(|written| content_type(scope, written));
    let content = match (part.file, part.text) {
        (Some(file), None) => {
            let filename = part.filename.map(|written| filename(scope, written));
            let path = path(scope, file);
            let filename = match filename {
                Some(filename) => Some(filename?),
                None => None,
            };
            PartContent::File { path: path?, filename }
        }
        (None, Some(text)) => {
            if let Some(filename) = part.filename {
                refuse(scope, filename, "`filename` goes with `file`", "remove it");
            }
            let template = scope.template(text, Spot::Private, false)?;
            if template.whole().is_none() {
                super::refuse_lists(scope, &template, text.span);
            }
            PartContent::Text(template)
        }
        (Some(_), Some(text)) => {
            refuse(scope, text, "a field is either `file` or `text`; found both", "keep one of them");
            return None;
        }
        (None, None) => {
            let message = "a field of `multipart` needs `file` or `text`";
            let problem = Diagnostic::error(Code::BadPart, part.span, message);
            scope.problems.add(problem.help("write `{ file: \"{{report}}\" }`, or the text itself"));
            return None;
        }
    };
    let content_type = match content_type {
        Some(content_type) => Some(content_type?),
        None => None,
    };
    Some(HttpPart { name: part.name.value.to_owned(), content, content_type })
}

/// A path of the file's own, or a parameter that stays within a folder.
fn path(scope: &Scope<'_>, written: Spanned<&str>) -> Option<Template> {
    let template = Template::parse(written.value).ok();
    let is_fixed = template.as_ref().is_some_and(|template| {
        template.references().all(|reference| matches!(reference, Reference::Var(_)))
    });
    if is_fixed {
        let path = scope.place.path(written, "file")?;
        return Some(Template::literal(path.to_string_lossy()));
    }
    let template = scope.template(written, Spot::Url, false)?;
    let Some(Reference::Param { name, path }) = template.whole() else {
        let message = "a path of `multipart` is one parameter as a whole, or no template at all";
        let help = "take the path as a parameter with `format: path` and `within: FOLDER`";
        refuse(scope, written, message, help);
        return None;
    };
    let param = scope.params.find(name.as_str())?;
    let is_confined = path.is_empty() && param.rule.path.as_ref().is_some_and(|rule| rule.within.is_some());
    if !is_confined {
        let message = format!("callers could send any file of this host as `{name}`");
        let help = format!("declare it as `{name}: {{ type: string, format: path, within: FOLDER, … }}`");
        refuse(scope, written, &message, &help);
        return None;
    }
    Some(template)
}

fn filename(scope: &Scope<'_>, written: Spanned<&str>) -> Option<Template> {
    let template = scope.template(written, Spot::Private, false)?;
    super::refuse_lists(scope, &template, written.span);
    Some(template)
}

/// `application/pdf; charset=utf-8`: what stands in a header of its own.
fn content_type(scope: &Scope<'_>, written: Spanned<&str>) -> Option<String> {
    let text = scope.place.fixed(written, "content_type", "the type", false)?;
    let is_good = text.contains('/') && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_good {
        let message = format!("`{text}` is no type of a content");
        refuse(scope, written, &message, "expected such as `application/pdf`");
        return None;
    }
    Some(text)
}

fn refuse(scope: &Scope<'_>, written: Spanned<&str>, message: &str, help: &str) {
    scope.problems.add(Diagnostic::error(Code::BadPart, written.span, message).help(help));
}
