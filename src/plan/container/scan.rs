//! Looking through an image, as the words of a scanner and as a line of the plan.

use std::path::Path;

use serde_json::{Value, json};

use crate::model::{Scan, Scanner, Severity, WhenAbsent};

/// How trivy is told to end when it has found something; its own failures end with 1.
pub const TRIVY_FOUND: i32 = 9;

/// The whole command line. The image is a file, so that the scanner needs no way to an engine.
pub fn scan_words(scanner: Scanner, block_on: Severity, archive: &Path) -> Vec<String> {
    let archive = archive.display();
    let words = match scanner {
        Scanner::Trivy => {
            let worse: Vec<String> = block_on.and_worse().map(|one| one.name().to_uppercase()).collect();
            format!(
                "trivy image --quiet --scanners vuln --severity {} --exit-code {TRIVY_FOUND} --input",
                worse.join(",")
            )
        }
        Scanner::Grype => format!("grype --quiet --fail-on {}", block_on.name()),
    };
    let last = match scanner {
        Scanner::Trivy => archive.to_string(),
        Scanner::Grype => format!("docker-archive:{archive}"),
    };
    words.split(' ').map(str::to_owned).chain([last]).collect()
}

pub fn scan_json(scan: &Scan) -> Value {
    json!({
        "blockOn": scan.block_on.name(),
        "with": scan.scanners().iter().map(|scanner| scanner.name()).collect::<Vec<_>>(),
        "refusedWithout": scan.when_absent == WhenAbsent::Refuse,
    })
}

/// What has to be true of the image.
pub fn scan_line(scan: &Scan) -> String {
    let by: Vec<&str> = scan.scanners().iter().map(|scanner| scanner.name()).collect();
    let absent = match scan.when_absent {
        WhenAbsent::Refuse => "without it nothing runs",
        WhenAbsent::Warn => "without it the image runs and that is told",
    };
    format!("with nothing that is {} or worse, as {} says; {absent}", scan.block_on.name(), by.join(" or "))
}
