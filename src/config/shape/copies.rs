//! `server.http.sessions`. `${VAR}` is expanded in it.

use super::{Key, Kind, Shape};

pub static COPIES: Shape = Shape {
    name: "server_http_sessions",
    what: "`server.http.sessions`",
    description: "What several copies of a server know of each other's sessions. Clients of the newest revision have none, so copies that serve only them need nothing here.",
    tables: &[&[
        Key::new(
            "store",
            Kind::Text,
            "A Redis in which every copy finds every session: `redis://` or, over TLS, `rediss://`. For programs that were built with the feature `redis`.",
        )
        .otherwise("each copy knows its own sessions")
        .expands()
        .examples(&["redis://10.0.0.5:6379", "\"rediss://:${REDIS_PASSWORD}@store.example.com:6379\""]),
        Key::new(
            "copy",
            Kind::Text,
            "The name of this copy. Names of its sessions begin with it and a dot, so that a balancer can lead each request to the copy that has its session.",
        )
        .otherwise("none")
        .expands()
        .examples(&["\"${COPY}\"", "a"]),
    ]],
};
