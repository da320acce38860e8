//! Whatever a text holds: it is a template or it is none, and what is no hole is kept as written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpfier::model::Template;

fuzz_target!(|text: &str| {
    let Ok(template) = Template::parse(text) else { return };
    assert_eq!(template.source(), text);
    if !text.contains("{{") {
        assert_eq!(template.as_literal(), Some(text));
    }
});
