//! `image`: a reference as engines take it, and whether it stays the same.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::read::Spanned;

/// How much a reference says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinned {
    /// The same image for ever.
    Digest,
    Tag,
    /// No tag, or `latest`.
    Floating,
}

/// What is only the name of something that is built here may say as little as it likes.
pub fn image(scope: &Scope<'_>, written: Spanned<&str>, is_name: bool) -> Option<String> {
    let text = scope.place.fixed(written, "image", "the image", true)?;
    if scope.place.host.as_written && text.contains('$') {
        return Some(text);
    }
    match judge(&text) {
        Err(reason) => {
            let message = format!("`{text}` is no image: {reason}");
            let problem = Diagnostic::error(Code::BadImage, written.span, message);
            scope.problems.add(problem.help("write `NAME:TAG` as in `python:3.12-slim`, or `NAME@sha256:…`"));
            None
        }
        Ok(pinned) => {
            if pinned == Pinned::Floating && !is_name {
                let message = format!("what `{text}` is changes whenever somebody publishes a new one");
                let problem = Diagnostic::note(Code::FloatingImage, written.span, message);
                scope.problems.add(problem.help("name a version, or for ever the same: `NAME@sha256:…`"));
            }
            Some(text)
        }
    }
}

/// Longer names are refused by every registry.
const MAX_NAME: usize = 255;

/// Judges `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`; an error says what is wrong with it.
pub fn judge(reference: &str) -> Result<Pinned, String> {
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    // A colon before a slash belongs to the port of a registry.
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    judge_name(name)?;
    if let Some(tag) = tag
        && !is_tag(tag)
    {
        return Err(format!("`{tag}` is no tag, which has letters, digits, `_`, `.` and `-`, at most 128"));
    }
    match (digest, tag) {
        (Some(digest), _) if !is_digest(digest) => {
            Err("its digest is not `sha256:` and 64 hexadecimal digits".to_owned())
        }
        (Some(_), _) => Ok(Pinned::Digest),
        (None, None | Some("latest")) => Ok(Pinned::Floating),
        (None, Some(_)) => Ok(Pinned::Tag),
    }
}

fn judge_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("it has no name".to_owned());
    }
    if name.len() > MAX_NAME {
        return Err(format!("its name is longer than {MAX_NAME} characters"));
    }
    if let Some(scheme) = name.split_once("//").map(|(scheme, _)| scheme) {
        return Err(format!("it is a URL; without `{scheme}//` it may be one"));
    }
    let path = match name.split_once('/') {
        Some((host, path)) if is_host(host) => path,
        _ => name,
    };
    match path.split('/').find(|part| !is_component(part)) {
        None => Ok(()),
        Some(part) if part.to_lowercase() != part => {
            Err(format!("`{part}` has capital letters, which names of images do not"))
        }
        Some(part) => Err(format!(
            "`{part}` is no part of a name, which has small letters and digits, with `.`, `_` and `-` between them"
        )),
    }
}

/// What begins a name is a registry if it looks like a host.
fn is_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let looks_so = port.is_some() || host.contains('.') || host == "localhost";
    let is_name = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    let is_port = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    looks_so && is_name && is_port
}

/// Small letters and digits, with `.`, `_`, `__` or dashes between them.
fn is_component(part: &str) -> bool {
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_inside = |c: char| is_end(c) || "._-".contains(c);
    let apart = [".", "_", "__"];
    part.starts_with(is_end)
        && part.ends_with(is_end)
        && part.chars().all(is_inside)
        && part
            .split(is_end)
            .filter(|between| !between.is_empty())
            .all(|between| apart.contains(&between) || between.bytes().all(|byte| byte == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (1..=128).contains(&tag.len()) && tag.chars().all(inside) && !tag.starts_with(['.', '-'])
}

fn is_digest(digest: &str) -> bool {
    let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    match digest.split_once(':') {
        Some(("sha256", rest)) if rest.chars().all(hexadecimal) => rest.len() == 64,
        Some(("sha512", rest)) if rest.chars().all(hexadecimal) => rest.len() == 128,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_judged_as_engines_do() {
        let digest = format!("alpine@sha256:{}", "0a".repeat(32));
        let both = format!("ghcr.io/a/b:1@sha256:{}", "0a".repeat(32));
        for (reference, expected) in [
            ("alpine", Pinned::Floating),
            ("alpine:latest", Pinned::Floating),
            ("python:3.12-slim", Pinned::Tag),
            ("localhost:5000/team/tool:1.0_a", Pinned::Tag),
            ("registry.example.com/a/b__c/d-e.f:V1", Pinned::Tag),
            ("Registry.Example.com/tool:1", Pinned::Tag),
            (digest.as_str(), Pinned::Digest),
            (both.as_str(), Pinned::Digest),
        ] {
            assert_eq!(judge(reference), Ok(expected), "{reference}");
        }
        for (reference, expected) in [
            ("", "no name"),
            (":3", "no name"),
            ("Python:3", "capital letters"),
            ("python:", "no tag"),
            ("python:3 12", "no tag"),
            ("py thon", "no part of a name"),
            ("a//b", "URL"),
            ("https://hub.docker.com/_/python", "URL"),
            ("/a", "no part of a name"),
            ("a___b", "no part of a name"),
            ("alpine@sha256:abc", "digest"),
            ("alpine@md5:abc", "digest"),
            ("--privileged", "no part of a name"),
        ] {
            let reason = judge(reference).unwrap_err();
            assert!(reason.contains(expected), "{reference}: {reason}");
        }
    }
}
