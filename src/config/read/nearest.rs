//! What somebody probably meant who wrote a key that does not exist.

use crate::model;

/// Words that other tools use for what we call otherwise.
const SYNONYMS: [(&str, &str); 36] = [
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
    ("if", "when"),
    ("condition", "when"),
    ("call", "command"),
    ("tool", "command"),
    ("needs", "depends_on"),
    ("needs", "after"),
    ("depends_on", "after"),
    ("roles", "required_roles"),
];

/// The known name that is nearest to an unknown one, in sense or else in spelling: whoever writes `if` does not mean `id`.
pub fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let meant = SYNONYMS.iter().filter(|(word, _)| *word == wanted).map(|(_, meant)| *meant);
    let by_sense = meant.into_iter().find_map(|meant| known.clone().find(|name| *name == meant));
    by_sense.or_else(|| model::nearest(wanted, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_found_and_what_is_far_is_not() {
        let known = ["timeout", "title", "script", "working_dir", "env", "id", "when"];
        for (wanted, expected) in [
            ("tiemout", Some("timeout")),
            ("timeOut", Some("timeout")),
            ("working-dir", Some("working_dir")),
            ("cmd", Some("script")),
            ("cwd", Some("working_dir")),
            ("environment", Some("env")),
            ("if", Some("when")),
            ("ip", Some("id")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(wanted, known.into_iter()), expected, "{wanted}");
        }
    }
}
