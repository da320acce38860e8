//! Compares reports with what lies beside their files, byte for byte.

use std::path::Path;

use mcpfier::config::Style;

use super::host::{TestHost, data, folders};

/// Checks every file of a folder of test data, and every folder in it, against the report beside it.
pub fn assert_reports(host: &TestHost, folder: &str) {
    let update = std::env::var_os("UPDATE_REPORTS").is_some();
    let mut different = Vec::new();
    let of_files = data(folder).into_iter().map(|file| {
        let report = host.check(&file_name(&file), read(&file)).report.render(Style::Plain);
        (file, report)
    });
    let of_folders = folders(folder).into_iter().map(|folder| {
        let report = host.check_folder(&folder).report.render(Style::Plain);
        let report = report.replace(&folder.display().to_string(), "[folder]");
        (folder, report)
    });
    for (file, report) in of_files.chain(of_folders) {
        let name = file_name(&file);
        let beside = file.with_extension("report");
        if update {
            std::fs::write(&beside, &report).expect("a report");
        } else if std::fs::read_to_string(&beside).unwrap_or_default() != report {
            different.push(format!("{name} is reported as\n{report}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

pub fn read(file: &Path) -> Vec<u8> {
    std::fs::read(file).expect("a file of test data")
}

pub fn file_name(path: &Path) -> String {
    path.file_name().expect("a file has a name").to_string_lossy().into_owned()
}
