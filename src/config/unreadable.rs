//! What is wrong with a text before anybody looks at its keys, in words.

use crate::model::Dialect;

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::expansion::BadEnvFile;
use super::read::Spanned;
use super::source::{BadSource, MAX_FILE_BYTES, SourceId, Span};
use super::syntax::Oddity;

/// That it is missing is a problem of this host; what it says is one of the file.
pub fn bad_env_file(written: Spanned<&str>, error: &BadEnvFile) -> Diagnostic {
    let name = written.value;
    match error {
        BadEnvFile::Unreadable(error) => {
            let message = format!("cannot read `{name}`: {}", reason(error));
            let problem = Diagnostic::error(Code::BadEnvFile, written.span, message).of_host();
            problem.help(
                "create it, or remove `env_file`; variables can also be set where this program is started",
            )
        }
        other => {
            Diagnostic::error(Code::BadEnvFile, written.span, format!("`{name}` cannot be used: {other}"))
                .help("expected lines `NAME=value`; a value may be quoted, and `#` begins a comment")
        }
    }
}

pub fn bad_source(error: &BadSource, id: SourceId) -> Diagnostic {
    match error {
        BadSource::Unreadable(error) => {
            let message = format!("cannot read the file: {}", reason(error));
            Diagnostic::of_file(Code::Unreadable, message)
        }
        BadSource::TooLarge => {
            let message = format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20);
            Diagnostic::of_file(Code::TooLarge, message)
        }
        BadSource::NotText { at, problem, help } => {
            let span = Span::new(id, *at..*at + 1);
            Diagnostic::error(Code::NotText, span, problem).help(*help)
        }
    }
}

/// An I/O error in words that are the same on every platform.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// What YAML allows and a dialect does not.
pub fn judge(oddity: &Oddity, dialect: Dialect) -> Diagnostic {
    let problem = match oddity {
        Oddity::DuplicateKey { key, first, second } => {
            let message = format!("the key `{key}` stands here for the second time");
            Diagnostic::error(Code::DuplicateKey, *second, message).other(*first, "the first is here")
        }
        Oddity::SecondDocument(span) => {
            Diagnostic::error(Code::SecondDocument, *span, "a second YAML document begins here")
                .help("one file is one document; remove the `---` and what follows it")
        }
        Oddity::Tag { tag, span } => {
            Diagnostic::error(Code::Tag, *span, format!("the YAML tag `{tag}` means nothing here"))
                .help("remove it, or quote a text that begins with `!`")
        }
        Oddity::NotJson { reason, span } => {
            Diagnostic::error(Code::Syntax, *span, format!("this is not JSON: {reason}"))
                .help("JSON has no comments and no comma before a bracket, and quotes texts and keys with `\"`; a `.yaml` file need not")
        }
    };
    match (dialect, oddity) {
        (Dialect::Native, _) => problem,
        (Dialect::Original, Oddity::DuplicateKey { .. }) => problem.into_warning("the second one counts"),
        (Dialect::Original, Oddity::SecondDocument(_)) => problem.into_warning("it is ignored"),
        (Dialect::Original, Oddity::Tag { .. }) => problem.into_warning("it is ignored"),
        (Dialect::Original, Oddity::NotJson { .. }) => problem.into_warning("it is read as YAML"),
    }
}
