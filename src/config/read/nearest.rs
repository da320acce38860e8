//! What somebody probably meant who wrote a key that does not exist.

use crate::model;

/// Words that other tools use for what we call otherwise.
const SYNONYMS: [(&str, &str); 28] = [
    ("arguments", "args"),
    ("argv", "args"),
    ("cmd", "script"),
    ("command", "script"),
    ("executable", "script"),
    ("program", "script"),
    ("desc", "description"),
    ("help", "description"),
    ("environment", "env"),
    ("cwd", "working_dir"),
    ("workdir", "working_dir"),
    ("dir", "working_dir"),
    ("directory", "working_dir"),
    ("inputs", "params"),
    ("parameters", "params"),
    ("inputSchema", "params"),
    ("input", "stdin"),
    ("interpreter", "shell"),
    ("mem", "memory"),
    ("ram", "memory"),
    ("cpus", "cpu"),
    ("processes", "pids"),
    ("tools", "commands"),
    ("root", "within"),
    ("volumes", "mounts"),
    ("hosts", "extra_hosts"),
    ("capabilities", "cap_add"),
    ("working_dir", "workdir"),
];

/// The known name that is nearest to an unknown one, in spelling or else in sense.
pub fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    model::nearest(wanted, known.clone()).or_else(|| {
        let meant = SYNONYMS.iter().find(|(word, _)| *word == wanted).map(|(_, meant)| *meant)?;
        known.into_iter().find(|name| *name == meant)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_found_and_what_is_far_is_not() {
        let known = ["timeout", "title", "script", "working_dir", "env"];
        for (wanted, expected) in [
            ("tiemout", Some("timeout")),
            ("timeOut", Some("timeout")),
            ("working-dir", Some("working_dir")),
            ("cmd", Some("script")),
            ("cwd", Some("working_dir")),
            ("environment", Some("env")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(wanted, known.into_iter()), expected, "{wanted}");
        }
    }
}
