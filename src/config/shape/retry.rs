//! `retry` of a command and of a step.

use super::{Key, Kind, Shape};

/// A number of attempts alone, or the whole of it.
pub const RETRY_KIND: Kind = Kind::Either(&[Kind::Count, Kind::Group(&RETRY)]);

pub static RETRY: Shape = Shape {
    name: "retry",
    what: "`retry`",
    description: "Trying again what has failed: how often, after which wait, and after which endings. `retry: 3` is short for `retry: { attempts: 3 }`. The timeout holds for all tries together.",
    tables: &[&[
        Key::new("attempts", Kind::Count, "How many tries there are, the first one too. At most 100.")
            .default("3")
            .examples(&["5"]),
        Key::new(
            "backoff",
            Kind::Choice(&["fixed", "linear", "exponential"]),
            "How waits grow: `fixed` ones are equal, `linear` ones grow by `delay` each time, `exponential` ones double and are drawn at random up to that, so that those who failed together do not come back together.",
        )
        .default("exponential")
        .examples(&["fixed"]),
        Key::new("delay", Kind::Duration, "The wait before the second try.").default("1s").examples(&["200ms"]),
        Key::new("max_delay", Kind::Duration, "No wait is longer than this.").default("30s").examples(&["5s"]),
        Key::new(
            "on",
            Kind::ListOf(&Kind::RetryReason),
            "The endings after which there is another try: `failure` is every one that is no success, `timeout`, `unanswered` is an HTTP call without an answer, `exit:75` is an exit code, and `http:429` a status code.",
        )
        .otherwise("every failure of a command whose annotations say `read_only` or `idempotent`; of others only those after which it certainly has done nothing")
        .examples(&["[timeout, \"exit:75\"]", "[\"http:429\", \"http:503\", unanswered]"]),
    ]],
};
