//! What a Dockerfile begins with: the images of its `FROM` lines.

use std::collections::BTreeMap;

/// The images that come from elsewhere, with `ARG`s filled in: `scratch` and earlier stages do not.
pub fn bases(dockerfile: &str, args: &[(String, String)]) -> Vec<String> {
    let mut stages: Vec<String> = vec!["scratch".to_owned()];
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    let mut bases: Vec<String> = Vec::new();
    for line in dockerfile.lines().map(str::trim) {
        let mut words = line.split_whitespace().peekable();
        let Some(first) = words.next() else { continue };
        if first.eq_ignore_ascii_case("arg") && stages.len() == 1 && bases.is_empty() {
            for (name, default) in words.filter_map(|word| word.split_once('=')) {
                known.insert(name, default.trim_matches(['"', '\'']));
            }
            continue;
        }
        if !first.eq_ignore_ascii_case("from") {
            continue;
        }
        while words.next_if(|word| word.starts_with("--")).is_some() {}
        let Some(image) = words.next() else { continue };
        let given = args.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let image = filled(image, &known.iter().map(|(name, value)| (*name, *value)).chain(given).collect());
        if !stages.contains(&image.to_lowercase()) && !bases.contains(&image) {
            bases.push(image);
        }
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("as")) {
            stages.extend(words.next().map(str::to_lowercase));
        }
    }
    bases
}

/// `${NAME}` and `$NAME`; other forms stay as they are, and are no image.
fn filled(image: &str, args: &BTreeMap<&str, &str>) -> String {
    let mut text = image.to_owned();
    // The longer of two names that begin alike is the one that is meant.
    for (name, value) in args.iter().rev() {
        text = text.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
    }
    text
}

/// Those that may be another image tomorrow.
pub fn floating(dockerfile: &str, args: &[(String, String)]) -> Vec<String> {
    bases(dockerfile, args).into_iter().filter(|image| !image.contains("@sha256:")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_no_images_from_elsewhere() {
        let text = "# FROM comment\nARG BASE=\"x:1\" B=y\nFROM --platform=linux/amd64 rust:1 AS Build\nRUN x\nfrom build as b2\n\
                    FROM scratch\nFROM alpine@sha256:00\nFROM rust:1\nFROM ${BASE}\nFROM $B\nFROM ${OTHER:-z}\n\
                    COPY --from=build /x /x\n";
        let args = [("B".to_owned(), "given@sha256:00".to_owned())];
        let expected = ["rust:1", "alpine@sha256:00", "x:1", "given@sha256:00", "${OTHER:-z}"];
        assert_eq!(bases(text, &args), expected);
        assert_eq!(floating(text, &args), ["rust:1", "x:1", "${OTHER:-z}"]);
    }
}
