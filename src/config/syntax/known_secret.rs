//! Secrets that can be told by their looks: those whose makers put a prefix before them.

use super::node::Node;
use super::sensitive::is_sensitive_key;

/// What they begin with, and what they are.
const PREFIXES: [(&str, &str); 16] = [
    ("ghp_", "a token of GitHub"),
    ("gho_", "a token of GitHub"),
    ("ghu_", "a token of GitHub"),
    ("ghs_", "a token of GitHub"),
    ("ghr_", "a token of GitHub"),
    ("github_pat_", "a token of GitHub"),
    ("glpat-", "a token of GitLab"),
    ("sk-", "an API key"),
    ("sk_live_", "an API key"),
    ("xoxb-", "a token of Slack"),
    ("xoxp-", "a token of Slack"),
    ("AKIA", "an access key of AWS"),
    ("AIza", "an API key of Google"),
    ("npm_", "a token of npm"),
    ("pypi-", "a token of PyPI"),
    ("hf_", "a token of Hugging Face"),
];

/// Shorter ones are examples or words.
const MIN_REST: usize = 16;

/// Where a private key begins and ends takes more than this.
const SHORTEST_KEY: usize = "-----BEGIN PRIVATE KEY-----".len();

/// What kind of secret a text holds, if one can be told.
pub fn known_secret(text: &str) -> Option<&'static str> {
    // Every text of a file comes by here, and most are too short to hold a secret.
    if text.contains(':') && has_password(text) {
        return Some("a password in a URL");
    }
    // An option's word begins with a dash.
    if text.starts_with('-') && is_option_with_secret(text) {
        return Some("the value of an option that names a secret");
    }
    if text.len() < MIN_REST {
        return None;
    }
    if text.len() >= SHORTEST_KEY && text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if !has_run(text.as_bytes()) {
        return None;
    }
    let words = text.as_bytes().split(|byte| !is_part(*byte));
    words.filter(|word| word.len() > MIN_REST).find_map(kind_of_word)
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Whether there is a word longer than [`MIN_REST`]. Most texts hold none, which shows after a look at
/// every sixteenth byte or so.
fn has_run(text: &[u8]) -> bool {
    let mut from = 0;
    while let Some(window) = text.get(from..=from + MIN_REST) {
        match window.iter().rposition(|byte| !is_part(*byte)) {
            None => return true,
            Some(at) => from += at + 1,
        }
    }
    false
}

/// `https://user:password@host`, with a password that is written out.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#', ' ', '\n']).next().unwrap_or_default();
    let password = authority.rsplit_once('@').and_then(|(names, _)| names.split_once(':')).map(|pair| pair.1);
    password.is_some_and(|password| {
        !password.is_empty() && !password.contains(['{', '$', '<', '*']) && password != "password"
    })
}

/// `--password=hunter2hunter2`; what `--key=` holds is no secret most of the time.
fn is_option_with_secret(text: &str) -> bool {
    let option = text.strip_prefix("--").and_then(|option| option.split_once('='));
    option.is_some_and(|(name, value)| {
        name != "key" && !name.contains(' ') && is_sensitive_key(name) && could_be_secret(value)
    })
}

/// The items of a list that are the values of options which name a secret: `[--password, hunter2hunter2]`.
pub fn option_values<'n, 's>(items: &'n [Node<'s>]) -> impl Iterator<Item = &'n Node<'s>> {
    let pairs = items.iter().zip(items.iter().skip(1));
    pairs.filter(|(option, value)| is_secret_of(option, value)).map(|(_, value)| value)
}

fn is_secret_of(option: &Node<'_>, value: &Node<'_>) -> bool {
    let (Some(option), Some(value)) = (option.as_text(), value.as_text()) else { return false };
    let is_told = |name: &str| name != "key" && !name.contains([' ', '=']) && is_sensitive_key(name);
    option.strip_prefix("--").is_some_and(is_told) && !value.starts_with('-') && could_be_secret(value)
}

/// Neither a reference nor a path nor a plain word.
pub fn could_be_secret(text: &str) -> bool {
    let is_reference = text.contains("{{") || text.contains("${");
    let is_path = text.starts_with(['/', '~', '.']);
    let is_word = !text.bytes().any(|byte| byte.is_ascii_digit()) && text.len() < 20;
    text.len() >= 8 && !is_reference && !is_path && !is_word
}

fn kind_of_word(word: &[u8]) -> Option<&'static str> {
    let (rest, what) =
        PREFIXES.iter().find_map(|(prefix, what)| Some((word.strip_prefix(prefix.as_bytes())?, *what)))?;
    let has = |is: fn(&u8) -> bool| rest.iter().any(is);
    let is_random = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    (rest.len() >= MIN_REST && is_random).then_some(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_paths_and_references_are_no_secrets() {
        for text in ["required", "~/.ssh/id_ed25519", "{{secrets.a1}}", "${TOKEN_1}", "12345"] {
            assert!(!could_be_secret(text), "{text}");
        }
        for text in ["hunter2hunter2", "correct horse battery staple"] {
            assert!(could_be_secret(text), "{text}");
        }
    }

    #[test]
    fn secrets_are_told_by_their_prefix_and_words_are_not() {
        for text in [
            "ghp_abcdefghijklmnop0123456789",
            "Bearer sk-proj-abcdefghijkl0123456789",
            "AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nabc",
            "postgres://me:hunter2@db.example.com/shop",
            "--db-password=hunter2hunter2",
            "see: ghp_abcdefghijklmnop0123456789, and no more",
            "a b c d e f g h i j k l AIzaSyA0123456789abcdefghij",
        ] {
            assert!(known_secret(text).is_some(), "{text}");
        }
        for text in [
            "ghp_",
            "sk-learn-and-other-packages",
            "task-0123456789abcdefghij",
            "hf_hub",
            "https://a.b:80/@c",
            "x://${U}:${P}@h",
            "--password={{vars.password1}}",
            "--key=created_at2",
            "--token=required",
            "--password-file=/run/secrets/db1",
        ] {
            assert_eq!(known_secret(text), None, "{text}");
        }
    }
}
