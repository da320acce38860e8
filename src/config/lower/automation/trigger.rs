//! One element of `triggers`: which keys its kind has, and what they mean.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::native::{OF_FILES, OF_WEBHOOKS, On, TriggerKeys};
use crate::config::read::{Spanned, nearest};
use crate::model::{
    ByteSize, Change, FileGlob, FileTrigger, Occasion, Piece, Reference, SecretName, SignedBy, Template,
    Trigger, Watched, Webhook, is_pattern,
};

use super::Lowering;

/// Where webhooks live: apart from everything that the server answers itself.
const HOOKS: &str = "/hooks/";

impl Lowering<'_> {
    pub(super) fn trigger(&self, keys: &TriggerKeys<'_>) -> Option<Trigger> {
        let on = keys.on?;
        let (strange, other) = match on {
            On::File => (&OF_WEBHOOKS[..], "webhook"),
            On::Webhook => (&OF_FILES[..], "file"),
        };
        for (key, span) in keys.keys.iter().filter(|(key, _)| strange.contains(key)) {
            let message = format!("`{key}` belongs to a trigger with `on: {other}`");
            self.error(Code::BadTrigger, *span, message, "remove it, or make a trigger of its own");
        }
        let known: &[&str] = match on {
            On::File => &["path", "paths"],
            On::Webhook => &["body"],
        };
        let with = self.fillings(keys.with, known, keys.span);
        let on = match on {
            On::File => Occasion::File(self.files(keys)?),
            On::Webhook => Occasion::Webhook(self.webhook(keys)?),
        };
        Some(Trigger { on, acts_as: keys.acts_as?.value.to_owned(), with, enabled: keys.enabled })
    }

    fn files(&self, keys: &TriggerKeys<'_>) -> Option<FileTrigger> {
        let written = keys.paths.as_deref().unwrap_or_default();
        if written.is_empty() {
            let help = "name them: `paths: [\"inbox/*.csv\"]`";
            self.error(Code::BadTrigger, keys.span, "a trigger with `on: file` needs `paths`", help);
            return None;
        }
        let paths: Vec<Watched> = written.iter().filter_map(|path| self.watched(*path)).collect();
        Some(FileTrigger {
            paths,
            changes: keys.changes.clone().unwrap_or_else(|| vec![Change::Created, Change::Changed]),
            debounce: keys.debounce.unwrap_or(Duration::from_millis(500)),
        })
    }

    /// A pattern, from the innermost folder on that is no pattern.
    fn watched(&self, written: Spanned<&str>) -> Option<Watched> {
        let glob = match FileGlob::read(written.value) {
            Ok(glob) => glob,
            Err(bad) => {
                let help = "write a pattern such as `inbox/*.csv` or `/var/spool/in/**/*.pdf`";
                self.error(Code::BadTrigger, written.span, format!("this names no files: {bad}"), help);
                return None;
            }
        };
        let is_absolute = written.value.starts_with('/');
        let base =
            if is_absolute { PathBuf::from("/") } else { self.place.folder(written.span).to_path_buf() };
        let parts = glob.below(&PathBuf::from("/"))?;
        // Of a file that is named itself, the folder is what is watched.
        let fixed =
            parts.iter().take_while(|part| !is_pattern(part)).count().min(parts.len().saturating_sub(1));
        let (fixed, rest) = parts.split_at_checked(fixed)?;
        Some(Watched {
            folder: fixed.iter().fold(base, |folder, part| folder.join(part)),
            parts: rest.to_vec(),
        })
    }

    fn webhook(&self, keys: &TriggerKeys<'_>) -> Option<Webhook> {
        let path = match keys.path {
            Some(path) => self.path(path),
            None => {
                let help = "say where it comes to: `path: /hooks/deploy`";
                self.error(Code::BadTrigger, keys.span, "a trigger with `on: webhook` needs `path`", help);
                None
            }
        };
        let secret = match keys.secret {
            Some(secret) => self.secret(secret),
            None => {
                let help =
                    "anybody could set it off: declare a secret, and write `secret: \"{{secrets.NAME}}\"`";
                self.error(Code::BadTrigger, keys.span, "a trigger with `on: webhook` needs `secret`", help);
                None
            }
        };
        Some(Webhook {
            path: path?,
            secret: secret?,
            signed_by: keys.signed_by.unwrap_or(SignedBy::Standard),
            max_body: keys.max_body.unwrap_or(ByteSize(256 << 10)),
            tolerance: keys.tolerance.unwrap_or(Duration::from_mins(5)),
        })
    }

    fn path(&self, written: Spanned<&str>) -> Option<String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        let name = written.value.strip_prefix(HOOKS);
        if name.is_none_or(|name| name.is_empty() || !name.chars().all(is_plain) || name.contains("..")) {
            let message = format!("`{}` is no path of a webhook", written.value);
            let help = "expected `/hooks/` and a name of letters, digits, `-`, `_`, `.` and `/`";
            self.error(Code::BadTrigger, written.span, message, help);
            return None;
        }
        Some(written.value.to_owned())
    }

    /// A declared secret, and nothing else: what stands in a file is none.
    fn secret(&self, written: Spanned<&str>) -> Option<SecretName> {
        let template = Template::parse(written.value).ok();
        let name = template.as_ref().and_then(|template| match template.pieces() {
            [Piece::Value(Reference::Secret(name))] => Some(name.clone()),
            _ => None,
        });
        let Some(name) = name else {
            let help = "declare it under `secrets`, and write `secret: \"{{secrets.NAME}}\"`";
            self.error(
                Code::BadTrigger,
                written.span,
                "`secret` has to be exactly one `{{secrets.NAME}}`",
                help,
            );
            return None;
        };
        if !self.secrets.contains(name.as_str()) {
            let message = format!("there is no secret `{name}`");
            let nearest = nearest(name.as_str(), self.secrets.iter().map(String::as_str));
            let help = match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("declare it at the root: `secrets: {{ {name}: {{ env: NAME }} }}`"),
            };
            self.error(Code::UnknownSecret, written.span, message, &help);
            return None;
        }
        Some(name)
    }
}
