//! The images that a file names, as they are written in it; and the same text with their digests.

use std::path::Path;

use super::diagnostic::Problems;
use super::migrate::Edits;
use super::source::SourceId;
use super::syntax::{self, Format, Kind, Node};

/// Every image in the text of one file, each once. One with `${…}` or `{{…}}` in it is not among
/// them: what it is, the text does not say.
pub fn images(path: &Path, text: &str) -> Vec<String> {
    let mut images = Vec::new();
    with_document(path, text, |root| {
        each(root, &mut |node| {
            if let Some(image) = node.as_text().filter(|image| !image.contains(['$', '{']))
                && !images.iter().any(|known| known == image)
            {
                images.push(image.to_owned());
            }
        });
    });
    images
}

/// The text with digests where `pinned` knows what an image is to be; `None` if nothing changes.
pub fn pin_images(path: &Path, text: &str, pinned: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut edits = Edits::default();
    with_document(path, text, |root| {
        each(root, &mut |node| {
            let Some((image, new)) = node.as_text().and_then(|image| Some((image, pinned(image)?))) else {
                return;
            };
            let place = node.span.range();
            // Quotes stay as they are.
            let written = text.get(place.clone()).unwrap_or_default();
            if let Some(at) = written.find(image) {
                let start = place.start + at;
                edits.replace(start..start + image.len(), new);
            }
        });
    });
    (!edits.is_empty()).then(|| edits.apply(text))
}

fn with_document(path: &Path, text: &str, look: impl FnOnce(&Node<'_>)) {
    let (format, problems) = (Format::of(path), Problems::default());
    if let Some(document) = syntax::parse(SourceId::default(), text, format, &problems) {
        look(&document.root);
    }
}

/// Every place at which an image is named: `container: IMAGE` and `container: { image: IMAGE }`.
fn each(node: &Node<'_>, look: &mut impl FnMut(&Node<'_>)) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| each(item, look)),
        Kind::Map(entries) => {
            for entry in entries.iter() {
                match (&*entry.key.text, &entry.value.kind) {
                    ("params" | "env" | "vars" | "secrets", _) => {}
                    ("container", Kind::Scalar(_)) => look(&entry.value),
                    ("container", Kind::Map(_)) if entry.value.get("build").is_none() => {
                        entry.value.get("image").into_iter().for_each(&mut *look);
                    }
                    _ => each(&entry.value, look),
                }
            }
        }
        Kind::Null | Kind::Broken | Kind::Scalar(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "defaults: { container: { image: 'a:1' } }\ncommands:\n  - name: x\n    container: a:1 # why\n    params: { container: c:1 }\n  - container:\n      image: \"b:2\"\n  - container: { image: d:1, build: . }\n  - container: \"${E}\"\n";

    #[test]
    fn images_are_found_where_they_are_named() {
        assert_eq!(images(Path::new("a.yaml"), TEXT), ["a:1", "b:2"]);
    }

    #[test]
    fn only_the_names_change() {
        let pinned = |image: &str| (image == "a:1").then(|| "a:1@sha256:00".to_owned());
        let expected = TEXT.replace("'a:1'", "'a:1@sha256:00'").replace("r: a:1 #", "r: a:1@sha256:00 #");
        assert_eq!(pin_images(Path::new("a.yaml"), TEXT, pinned).as_deref(), Some(&*expected));
        assert_eq!(pin_images(Path::new("a.yaml"), TEXT, |_| None), None);
    }
}
