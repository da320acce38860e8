//! What a Dockerfile begins with: the images of its `FROM` lines.

/// The images that come from elsewhere, as they are written: `scratch` and earlier stages do not.
pub fn bases(dockerfile: &str) -> Vec<&str> {
    let mut stages: Vec<String> = vec!["scratch".to_owned()];
    let mut bases = Vec::new();
    for line in dockerfile.lines().map(str::trim) {
        let mut words = line.split_whitespace().peekable();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("from")) {
            continue;
        }
        while words.next_if(|word| word.starts_with("--")).is_some() {}
        let Some(image) = words.next() else { continue };
        if !stages.contains(&image.to_lowercase()) && !bases.contains(&image) {
            bases.push(image);
        }
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("as")) {
            stages.extend(words.next().map(str::to_lowercase));
        }
    }
    bases
}

/// Those that may be another image tomorrow.
pub fn floating(dockerfile: &str) -> Vec<&str> {
    bases(dockerfile).into_iter().filter(|image| !image.contains("@sha256:")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_no_images_from_elsewhere() {
        let text = "# FROM comment\nFROM --platform=linux/amd64 rust:1 AS Build\nRUN x\nfrom build as b2\n\
                    FROM scratch\nFROM alpine@sha256:00\nFROM rust:1\nFROM ${BASE}\nCOPY --from=build /x /x\n";
        assert_eq!(bases(text), ["rust:1", "alpine@sha256:00", "${BASE}"]);
        assert_eq!(floating(text), ["rust:1", "${BASE}"]);
    }
}
