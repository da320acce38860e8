//! Whatever a file holds: loading, checking and rendering end, without a panic.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use mcpfier::config::{Host, Style, check_bytes};

fuzz_target!(|bytes: &[u8]| {
    let host = Host { cwd: "/nowhere".into(), ..Host::default() };
    let loaded = check_bytes(Path::new("config.yaml"), bytes.to_vec(), &host);
    assert!(loaded.report.render(Style::Plain).ends_with('\n'));
    assert_eq!(loaded.catalog.is_some(), loaded.report.may_serve());
    loaded.report.to_json();
});
