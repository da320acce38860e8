//! How many calls callers have in an hour and in a day.

use super::{Key, Kind, Shape};

const PER_HOUR: Key =
    Key::new("calls_per_hour", Kind::Count, "Calls of tools from one full hour to the next; UTC.")
        .otherwise("not limited")
        .expands()
        .examples(&["100"]);

const PER_DAY: Key =
    Key::new("calls_per_day", Kind::Count, "Calls of tools from one midnight to the next; UTC.")
        .otherwise("not limited")
        .expands()
        .examples(&["1000"]);

pub static QUOTA: Shape = Shape {
    name: "quota",
    what: "a quota",
    description: "How many calls a caller has.",
    tables: &[&[PER_HOUR, PER_DAY]],
};

pub static SERVER_QUOTA: Shape = Shape {
    name: "server_http_quota",
    what: "`server.http.quota`",
    description: "How many calls each caller has. One more is answered with a result that says when there are more.",
    tables: &[&[
        PER_HOUR,
        PER_DAY,
        Key::new(
            "file",
            Kind::Path,
            "Where it is kept what is used up, so that it outlives the server. It is written every few seconds and at the end; each copy of a server has a file of its own.",
        )
        .otherwise("nowhere: it begins anew with the server")
        .expands()
        .examples(&["/var/lib/mcpfier/quota.json"]),
    ]],
};
