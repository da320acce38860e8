//! Keys of callers → [`ApiKey`]. They become fingerprints here; the texts go no further. What a secret holds
//! is read by whoever serves.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Reader, Spanned, nearest};
use crate::config::source::Span;
use crate::model::{
    ApiKey, AuthMethod, Dialect, Fingerprint, Principal, Reference, SecretKey, SecretName, SecretSource,
    Template, parse_moment,
};

use super::caller::Callers;

const CREATE: &str = "`mcpfier key create NAME` prints the line for the file";

/// What lets a caller in.
enum Value {
    Known(Fingerprint),
    /// A secret holds the key, or its fingerprint.
    Secret {
        secret: SecretName,
        is_hash: bool,
    },
    /// Not there; that has been reported.
    Unset,
}

struct Key {
    span: Span,
    value: Value,
    previous: Option<ApiKey>,
    principal: Principal,
    expires: Option<u64>,
}

/// Keys whose values are known, and those that secrets hold.
pub(super) fn api_keys(
    callers: &Callers<'_>,
    written: Vec<native::HttpKey<'_>>,
) -> (Vec<ApiKey>, Vec<SecretKey>) {
    let mut keys: Vec<Key> = Vec::new();
    for (at, written) in written.into_iter().enumerate() {
        let Some(key) = api_key(callers, written, at + 1) else { continue };
        match keys.iter().find(|known| known.is_same(&key)) {
            Some(first) => callers.reader.problems.add(duplicate(&key, first.span)),
            None => keys.push(key),
        }
    }
    let (mut known, mut of_secrets) = (Vec::new(), Vec::new());
    for Key { value, previous, principal, expires, .. } in keys {
        match value {
            Value::Known(fingerprint) => known.push(ApiKey { fingerprint, principal, expires }),
            Value::Secret { secret, is_hash } => {
                of_secrets.push(SecretKey { secret, is_hash, principal, expires });
            }
            Value::Unset => {}
        }
        known.extend(previous);
    }
    (known, of_secrets)
}

fn duplicate(key: &Key, first: Span) -> Diagnostic {
    let name = &key.principal.name;
    let message = format!("the key `{name}` has the name or the value of another one");
    let problem = Diagnostic::error(Code::DuplicateApiKey, key.span, message);
    let problem = problem.other(first, "the other is here");
    problem.help("one caller, one key: give each a name and a key of its own")
}

impl Key {
    fn is_same(&self, other: &Self) -> bool {
        let mut values = self.fingerprints();
        self.principal.name == other.principal.name
            || values.any(|value| other.fingerprints().any(|other| other == value))
    }

    fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        let own = match &self.value {
            Value::Known(fingerprint) => Some(*fingerprint),
            Value::Secret { .. } | Value::Unset => None,
        };
        own.into_iter().chain(self.previous.as_ref().map(|key| key.fingerprint))
    }
}

/// One caller's key, whose parts are judged under their name.
struct Judging<'a> {
    callers: &'a Callers<'a>,
    name: String,
}

/// A key, and the one that it replaced.
fn api_key(callers: &Callers<'_>, written: native::HttpKey<'_>, number: usize) -> Option<Key> {
    let native::HttpKey { span, name, key, key_hash, caller, previous, expires } = written;
    let name = name.filter(|name| !name.value.trim().is_empty());
    let name = name.map_or_else(|| format!("key-{number}"), |name| name.value.to_owned());
    let judging = Judging { callers, name: name.clone() };
    let value = match (key, key_hash) {
        (Some(key), None) => judging.key(key?)?,
        (None, Some(hash)) => judging.hash(hash?)?,
        (None, None) => {
            judging.refuse(span, "a key has neither `key` nor `key_hash`", CREATE);
            return None;
        }
        (Some(_), Some(_)) => {
            judging.refuse(span, "a key has both `key` and `key_hash`", "leave one of them out");
            return None;
        }
    };
    let expires = match expires {
        Some(text) => Some(moment(callers.reader, text)?),
        None => None,
    };
    let principal = callers.principal(AuthMethod::Key, name, caller)?;
    let previous = previous.and_then(|previous| previous_key(callers.reader, previous, &principal));
    Some(Key { span, value, previous, principal, expires })
}

impl Judging<'_> {
    fn refuse(&self, span: Span, message: &str, help: &str) {
        let message = format!("{message} (of the caller `{}`)", self.name);
        let problem = Diagnostic::error(Code::BadApiKey, span, message).help(help.to_owned());
        self.callers.reader.problems.add(problem);
    }

    fn is_unset(&self, credential: Spanned<&str>) -> bool {
        self.callers.is_unset(credential, &format!("the key of `{}`", self.name))
    }

    fn key(&self, key: Spanned<&str>) -> Option<Value> {
        if key.value.contains("{{") {
            return self.secret(key, false);
        }
        if self.is_unset(key) {
            return Some(Value::Unset);
        }
        if key.value.trim().is_empty() {
            self.refuse(key.span, "a key is empty", "`mcpfier key create NAME` makes one");
            return None;
        }
        if key.value.len() < ApiKey::SHORTEST {
            let message = format!(
                "the key of `{}` has fewer than {} characters and can be guessed",
                self.name,
                ApiKey::SHORTEST
            );
            let problem = Diagnostic::warning(Code::WeakApiKey, key.span, message);
            self.callers.reader.problems.add(problem.help("`mcpfier key create NAME` makes a better one"));
        }
        Some(Value::Known(Fingerprint::of(key.value)))
    }

    fn hash(&self, hash: Spanned<&str>) -> Option<Value> {
        if hash.value.contains("{{") {
            return self.secret(hash, true);
        }
        if self.is_unset(hash) {
            return Some(Value::Unset);
        }
        match hash.value.parse() {
            Ok(fingerprint) => Some(Value::Known(fingerprint)),
            Err(problem) => {
                self.refuse(hash.span, &format!("`key_hash`: {problem}"), CREATE);
                None
            }
        }
    }

    /// A text that is one declared secret and nothing else.
    fn secret(&self, written: Spanned<&str>, is_hash: bool) -> Option<Value> {
        let key = if is_hash { "key_hash" } else { "key" };
        let help = format!("write one secret and nothing beside it: `{key}: \"{{{{secrets.NAME}}}}\"`");
        let of_file = self.callers.reader.dialect == Dialect::Native;
        let template = Template::parse(written.value).ok().filter(|_| of_file);
        let Some(Reference::Secret(secret)) = template.as_ref().and_then(Template::whole) else {
            let help =
                if of_file { help } else { "write `key_hash`, or a variable: `key: \"${KEY}\"`".to_owned() };
            self.refuse(written.span, &format!("`{key}` is no template"), &help);
            return None;
        };
        match self.callers.secrets.get(secret) {
            Some(SecretSource::Script(_)) => {
                let help = "give it another source: `env`, `file` or `store`";
                self.refuse(written.span, &format!("the secret `{secret}` is printed by a program"), help);
                None
            }
            Some(_) => Some(Value::Secret { secret: secret.clone(), is_hash }),
            None => {
                self.unknown(secret, written.span);
                None
            }
        }
    }

    fn unknown(&self, secret: &SecretName, span: Span) {
        let problem = Diagnostic::error(Code::UnknownSecret, span, format!("there is no secret `{secret}`"));
        let names = self.callers.secrets.keys().map(SecretName::as_str);
        self.callers.reader.problems.add(match nearest(secret.as_str(), names) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None => problem.help(format!("declare it: `secrets: {{ {secret}: {{ env: NAME }} }}`")),
        });
    }
}

/// The same caller by the key that they had before, as long as that counts.
fn previous_key(
    reader: &Reader<'_>,
    written: native::PreviousKey<'_>,
    principal: &Principal,
) -> Option<ApiKey> {
    let (hash, expires) = (written.key_hash?, moment(reader, written.expires?)?);
    match hash.value.parse() {
        Ok(fingerprint) => Some(ApiKey { fingerprint, principal: principal.clone(), expires: Some(expires) }),
        Err(problem) => {
            let message = format!("`previous.key_hash`: {problem} (of the caller `{}`)", principal.name);
            let problem = Diagnostic::error(Code::BadApiKey, hash.span, message);
            reader.problems.add(problem.help("take `previous` out; then the key before lets nobody in"));
            None
        }
    }
}

fn moment(reader: &Reader<'_>, text: Spanned<&str>) -> Option<u64> {
    let moment = parse_moment(text.value);
    if moment.is_none() {
        let message = format!("`expires` cannot be `{}`; expected a day or a moment", text.value);
        let problem = Diagnostic::error(Code::BadValue, text.span, message);
        reader.problems.add(problem.help("write `2027-01-01` or `2027-01-01T12:00:00Z`"));
    }
    moment
}
