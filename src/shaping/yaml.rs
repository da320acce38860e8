//! stdout that is one YAML document.
//!
//! Its aliases may stand for far more than what was printed, so all that it stands for is bounded.

use serde_json::Value;
use serde_yaml::DuplicateKeyPolicy;

/// Values, aliases written out.
const MOST_VALUES: usize = 1_000_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;
const MOST_NESTED: usize = 100;

pub fn value(stdout: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(stdout).map_err(|error| {
        format!("the command promised YAML on stdout, but wrote no UTF-8 at byte {}", error.valid_up_to())
    })?;
    let options = serde_yaml::options! {
        strict_booleans: true,
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::Error,
        budget: serde_yaml::budget! {
            max_nodes: MOST_VALUES,
            max_events: 2 * MOST_VALUES,
            max_total_scalar_bytes: MOST_BYTES,
            max_depth: MOST_NESTED,
            max_documents: 1,
        },
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| broken(&error.to_string()))
}

fn broken(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    format!("the command promised one YAML document on stdout, but wrote none: {line}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_becomes_a_value_by_the_core_schema() {
        let text = "name: web\nports: [80, 443]\non: true\noff: no\nratio: 1.5\nnothing: ~\nquoted: '1'\nsame: &a {x: 1}\nagain: *a\n";
        let expected = json!({
            "name": "web", "ports": [80, 443], "on": true, "off": "no", "ratio": 1.5, "nothing": null,
            "quoted": "1", "same": { "x": 1 }, "again": { "x": 1 },
        });
        assert_eq!(value(text.as_bytes()), Ok(expected));
        assert_eq!(value(b"---\n- a\n"), Ok(json!(["a"])));
    }

    #[test]
    fn what_is_no_document_says_where() {
        for text in ["a: [1, 2", "a: 1\na: 2", "--- 1\n--- 2\n", "a:\n\t- b", "\u{1}"] {
            let problem = value(text.as_bytes()).unwrap_err();
            assert!(problem.starts_with("the command promised one YAML document"), "{text}: {problem}");
        }
        assert!(value(b"a: \xff").unwrap_err().ends_with("no UTF-8 at byte 3"));
    }

    #[test]
    fn aliases_that_stand_for_too_much_are_refused_soon() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..10 {
            let before = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(",")));
        }
        let quadratic = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 20_000].join(","));
        let deep = "[".repeat(100_000);
        let began = std::time::Instant::now();
        for text in [bomb, quadratic, deep] {
            assert!(value(text.as_bytes()).is_err());
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
