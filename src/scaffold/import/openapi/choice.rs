//! Which operations of a large document are wanted.

use super::operation::Operation;

/// What `--only` and `--tag` say; what is empty takes everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// `GET /pets*`, `/pets/*`, or an operationId; `*` stands for anything.
    pub only: Vec<String>,
    pub tags: Vec<String>,
}

impl Choice {
    pub(super) fn takes(&self, operation: &Operation<'_>) -> bool {
        let by_name = self.only.is_empty() || self.only.iter().any(|pattern| names(pattern, operation));
        let by_tag = self.tags.is_empty()
            || operation.tags().any(|tag| self.tags.iter().any(|wanted| wanted.eq_ignore_ascii_case(tag)));
        by_name && by_tag
    }
}

fn names(pattern: &str, operation: &Operation<'_>) -> bool {
    let pattern = pattern.trim();
    if let Some((method, path)) = pattern.split_once(' ') {
        let is_method = method == "*" || method.eq_ignore_ascii_case(operation.method);
        return is_method && fits(path.trim(), operation.path);
    }
    match pattern.starts_with(['/', '*']) {
        true => fits(pattern, operation.path),
        false => {
            pattern.eq_ignore_ascii_case(operation.method)
                || operation.id().is_some_and(|id| fits(pattern, id))
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("/pets", "/pets", true),
            ("/pets", "/pets/1", false),
            ("/pets*", "/pets/1", true),
            ("/*/toys", "/pets/1/toys", true),
            ("/*/toys", "/toys", false),
            ("*a*b", "xaxbb", true),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
