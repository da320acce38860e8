//! `server.jobs`. `${VAR}` is expanded in it.

use super::{Key, Kind, Shape};

pub static JOBS: Shape = Shape {
    name: "server_jobs",
    what: "`server.jobs`",
    description: "How many calls may go on when nobody waits for them, and what is kept of them. Which calls do is said by `detach_after` and `background` of commands.",
    tables: &[&[
        Key::new("max", Kind::Count, "Jobs that run or wait for their place at once, over all callers; one more is refused, and a call that would become one is waited for.")
            .default("256")
            .expands()
            .examples(&["1000"]),
        Key::new("per_caller", Kind::Count, "As many of them may be of one caller.")
            .default("64")
            .expands()
            .examples(&["4"]),
        Key::new("keep", Kind::Duration, "How long the result and the log of a job that is over can be asked for, also from the next server of this file.")
            .default("24h")
            .expands()
            .examples(&["1h", "168h"]),
        Key::new("log_limit", Kind::Size, "How much is kept of what one job writes: its beginning. The end is in its result.")
            .default("16MiB")
            .expands()
            .examples(&["1GiB"]),
        Key::new("folder", Kind::Text, "A folder for jobs in place of the usual one of this user. Nobody else may look into it; it is made if it is not there.")
            .otherwise("`mcpfier/jobs` in `$XDG_STATE_HOME` or `~/.local/state`")
            .expands()
            .examples(&["/var/lib/mcpfier/jobs"]),
    ]],
};
