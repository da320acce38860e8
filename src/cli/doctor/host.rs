//! The host: our executable, who may write to what we trust, the streams that a client reads.

use std::path::Path;

use crate::cli::place;
use crate::config::Host;

use super::Finding;

/// What a desktop application has for a PATH, since it does not read a shell's profile.
pub fn minimal_path() -> &'static str {
    match std::env::consts::OS {
        "macos" => "/usr/bin:/bin:/usr/sbin:/sbin",
        _ => "/usr/local/bin:/usr/bin:/bin",
    }
}

pub fn look(host: &Host) -> Vec<Finding> {
    let executable = place::executable();
    let shown = executable.display().to_string();
    let mut findings = Vec::new();
    if let Some(doubt) = place::doubt(&executable) {
        let (what, cure) = doubt.split_once("; ").unwrap_or((&doubt, "move it"));
        findings.push(Finding::note("executable", what, cure));
    }
    if shown.contains(char::is_whitespace) {
        findings.push(Finding::note(
            "executable",
            format!("the path `{shown}` has spaces, which some clients split"),
            "move it to a folder without spaces, like ~/.local/bin",
        ));
    }
    findings.extend(guarded("executable", &executable));
    if findings.is_empty() {
        findings.push(Finding::fine("executable", shown));
    }
    findings.extend(log_level(host));
    findings
}

/// stdout belongs to the protocol, and what goes to stderr is chosen by one variable.
fn log_level(host: &Host) -> Option<Finding> {
    let level = host.environment.get("MCPFIER_LOG").filter(|level| !level.is_empty())?;
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    let simple = level.chars().all(char::is_alphanumeric);
    let is_read = tracing_subscriber::EnvFilter::try_new(level).is_ok();
    if !is_read || (simple && !known.contains(&level.to_ascii_lowercase().as_str())) {
        let message = format!("`MCPFIER_LOG={level}` is no level, so less is logged than you may expect");
        return Some(Finding::problem("logs", message, format!("set it to one of {}", known.join(", "))));
    }
    Some(Finding::fine("logs", format!("`{level}` to stderr, which clients keep in their logs")))
}

/// Whoever may write to a file that we trust decides what runs.
#[cfg(unix)]
pub fn guarded(about: &'static str, file: &Path) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let folder = file.parent().map(Path::to_path_buf);
    let places = [Some(file.to_path_buf()), folder];
    let open = places.into_iter().flatten().filter_map(|place| {
        let mode = place.metadata().ok()?.permissions().mode();
        let shown = place.display();
        // In a sticky folder nobody replaces a file of another.
        let finding = match (mode & 0o1000 != 0, mode & 0o002 != 0, mode & 0o020 != 0) {
            (true, ..) | (_, false, false) => return None,
            (_, true, _) => {
                let message = format!("everybody may write to {shown}, and so decide what runs");
                Finding::problem(about, message, format!("chmod o-w,g-w {shown}"))
            }
            // Many systems give every user a group of their own, where this is harmless.
            (_, false, true) => {
                let message =
                    format!("whoever is in its group may write to {shown}, and so decide what runs");
                Finding::note(about, message, format!("chmod g-w {shown}, if others are in that group"))
            }
        };
        Some(finding)
    });
    open.collect()
}

#[cfg(not(unix))]
pub fn guarded(_about: &'static str, _file: &Path) -> Vec<Finding> {
    Vec::new()
}
