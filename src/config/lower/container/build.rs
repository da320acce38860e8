//! Where an image comes from and what it has to prove: `build`, `require_digest` and `verify`.

use std::path::{Component, Path, PathBuf};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::{BuildKeys, Container};
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::model::{BUILT, Build, Reference, Template, Verify};

use super::given;
use super::image::{Pinned, judge};

/// The build of a container. `None` outside: there is none.
pub fn build(
    scope: &Scope<'_>,
    written: &Container<'_>,
    image: Option<&Option<String>>,
) -> Option<Option<Build>> {
    let keys = written.proof.build.as_ref()?;
    let folder = scope.place.folder(keys.span).to_path_buf();
    let context = keys.context.and_then(|written| inside(scope, written, "context", &folder));
    let dockerfile = keys.dockerfile.map(|written| inside(scope, written, "dockerfile", &folder));
    let args: Vec<_> = keys.args.iter().map(|(name, value)| arg(scope, *name, *value)).collect();
    let target = keys.target.map(|target| super::fixed(scope, target, "target"));
    report_reach(scope, keys);
    report_pull(scope, written);
    let assembled = || {
        let context = context?;
        Some(Build {
            dockerfile: given(dockerfile)?.unwrap_or_else(|| context.join("Dockerfile")),
            context,
            within: folder,
            args: args.into_iter().collect::<Option<_>>()?,
            target: given(target)?,
            name: image.cloned().flatten(),
            pinned_bases: written.proof.require_digest.as_ref().is_some_and(|required| required.value),
        })
    };
    Some(assembled())
}

fn report_pull(scope: &Scope<'_>, written: &Container<'_>) {
    if let Some(pull) = &written.pull {
        let message = "`pull` has no effect: the image is built here";
        scope.problems.add(Diagnostic::error(Code::Pointless, pull.span, message));
    }
}

/// The image of a command: the one that is named, or one that is named by what it is built of.
pub fn named(image: Option<Option<String>>, build: Option<&Option<Build>>) -> Option<String> {
    match (image, build) {
        (Some(image), _) => image,
        (None, Some(_)) => Some(BUILT.to_owned()),
        (None, None) => None,
    }
}

/// A path in the folder of the file: nothing else of this host gets into an image.
fn inside(scope: &Scope<'_>, written: Spanned<&str>, key: &str, folder: &Path) -> Option<PathBuf> {
    let path = plain(&scope.place.path(written, key)?);
    if scope.place.host.as_written || path.starts_with(plain(folder)) {
        return Some(path);
    }
    let message = format!("`{key}` leads out of the folder of this file, `{}`", folder.display());
    let problem = Diagnostic::error(Code::BadBuild, written.span, message);
    scope.problems.add(problem.help("put what the image is built of into that folder"));
    None
}

/// `..` by name: what it means for links is looked up before a call.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// What the steps read as an `ARG`, which everybody who has the image can read as well.
fn arg(scope: &Scope<'_>, name: Spanned<&str>, value: Spanned<&str>) -> Option<(String, String)> {
    let is_name = name.value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        let message = format!("`{}` cannot be the name of an `ARG`", name.value);
        scope.problems.add(Diagnostic::error(Code::BadBuild, name.span, message));
        return None;
    }
    let holds_secret = Template::parse(value.value).is_ok_and(|template| {
        template.references().any(|reference| matches!(reference, Reference::Secret(_)))
    });
    if holds_secret {
        let message = "a secret cannot stand in `args` of a build: whoever has the image can read them";
        let problem = Diagnostic::error(Code::SecretPlace, value.span, message);
        scope.problems.add(problem.help("hand it over when the command runs, in `env` or `container.files`"));
        return None;
    }
    let text = if value.value.is_empty() { String::new() } else { super::fixed(scope, value, "args")? };
    Some((name.value.to_owned(), text))
}

fn report_reach(scope: &Scope<'_>, keys: &BuildKeys<'_>) {
    let message = "the steps of a build (`RUN`) have the network of the engine and are root in it; what holds the container back does not hold them";
    scope.problems.add(Diagnostic::note(Code::BuildReach, keys.span, message));
}

/// What a name means today it may not mean tomorrow.
pub fn report_unpinned(scope: &Scope<'_>, written: &Container<'_>, image: Option<&Option<String>>) {
    let is_required = written.proof.require_digest.as_ref().is_some_and(|required| required.value);
    let (true, None, Some(written), Some(Some(text))) =
        (is_required, &written.proof.build, written.image, image)
    else {
        return;
    };
    let is_open = scope.place.host.as_written && text.contains('$');
    if is_open || judge(text) == Ok(Pinned::Digest) {
        return;
    }
    let message = format!("`{text}` names no digest, which `require_digest` asks for");
    let problem = Diagnostic::error(Code::UnpinnedImage, written.span, message);
    scope.problems.add(
        problem.help("`mcpfier images pin` asks the engine for it and writes it here: `NAME:TAG@sha256:…`"),
    );
}

/// Who has to have signed. `None` outside: nobody.
pub fn verify(scope: &Scope<'_>, written: &Container<'_>) -> Option<Option<Verify>> {
    let keys = written.proof.verify.as_ref()?;
    if written.proof.build.is_some() {
        let message = "`verify` has no effect: what is built here is signed by nobody";
        scope.problems.add(Diagnostic::error(Code::Pointless, keys.span, message));
        return Some(None);
    }
    Some(match (keys.key, keys.identity, keys.issuer) {
        (Some(key), None, None) => {
            let is_logged = keys.transparency_log.is_none_or(|log| log.value);
            scope.place.path(key, "key").map(|key| Verify::Key { key, is_logged })
        }
        (None, Some(identity), Some(issuer)) => {
            if let Some(log) = keys.transparency_log.filter(|log| !log.value) {
                let message =
                    "without the log nobody knows when a certificate has signed; only a `key` can do without";
                let problem = Diagnostic::error(Code::BadVerify, log.span, message);
                scope.problems.add(problem.help("remove `transparency_log`, or sign with a key of your own"));
            }
            let identity = super::fixed(scope, identity, "identity");
            let issuer = super::fixed(scope, issuer, "issuer");
            identity.zip(issuer).map(|(identity, issuer)| Verify::Identity { identity, issuer })
        }
        _ => {
            bad_verify(scope, keys.span);
            None
        }
    })
}

fn bad_verify(scope: &Scope<'_>, span: Span) {
    let message = "`verify` names either a `key`, or an `identity` and its `issuer`";
    let problem = Diagnostic::error(Code::BadVerify, span, message);
    scope.problems.add(problem.help("write `verify: { key: ./cosign.pub }`"));
}
