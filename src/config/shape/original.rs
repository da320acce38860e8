//! What the original reads or documents. Only names: nothing is made of these tables but reports.

use super::{Key, Kind, Shape};

pub static ORIGINAL_ROOT: Shape = Shape {
    name: "original file",
    what: "the file",
    description: "",
    tables: &[&[
        known("commands"),
        known("server"),
        Key::later("analytics"),
        known("composite_tools"),
        Key::later("proxies"),
        known("tenants"),
    ]],
};

pub static ORIGINAL_COMMAND: Shape = Shape {
    name: "original command",
    what: "a command",
    description: "",
    tables: &[&[
        known("name"),
        known("script"),
        known("args"),
        known("description"),
        known("webhook"),
        known("container"),
        known("timeout"),
        known("env"),
        known("resources"),
        Key::later("security"),
        Key::later("network"),
        known("authorization"),
    ]],
};

pub static ORIGINAL_COMPOSITE: Shape = Shape {
    name: "original composite tool",
    what: "a composite tool",
    description: "",
    tables: &[&[known("name"), known("description"), known("workflow"), known("permissions")]],
};

pub static ORIGINAL_STEP: Shape = Shape {
    name: "original step",
    what: "a step of `workflow`",
    description: "",
    tables: &[&[known("tool"), known("params"), known("output")]],
};

pub static ORIGINAL_WEBHOOK: Shape = Shape {
    name: "original webhook",
    what: "`webhook`",
    description: "",
    tables: &[&[
        known("url"),
        known("method"),
        known("headers"),
        known("body"),
        known("body_format"),
        known("auth"),
        known("retry"),
    ]],
};

pub static ORIGINAL_RETRY: Shape = Shape {
    name: "original retry",
    what: "`retry`",
    description: "",
    tables: &[&[known("max_retries"), known("backoff"), known("delay"), known("status_codes")]],
};

pub static ORIGINAL_AUTH: Shape = Shape {
    name: "original auth",
    what: "`auth`",
    description: "",
    tables: &[&[
        known("type"),
        known("token"),
        known("key"),
        known("header"),
        known("user"),
        known("pass"),
        known("client_id"),
        known("client_secret"),
        known("token_url"),
        known("scopes"),
    ]],
};

pub static ORIGINAL_RESOURCES: Shape = Shape {
    name: "original resources",
    what: "`resources`",
    description: "",
    tables: &[&[known("memory"), known("disk"), known("cpu")]],
};

pub static ORIGINAL_SERVER: Shape = Shape {
    name: "original server",
    what: "`server`",
    description: "",
    tables: &[&[known("http"), known("transport"), Key::later("metrics"), known("cache")]],
};

const fn known(name: &'static str) -> Key {
    Key::new(name, Kind::Any, "")
}
