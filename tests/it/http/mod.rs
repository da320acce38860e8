//! Calls of HTTP interfaces, by the built program against a server of the tests' own.

mod bad_servers;
mod imported;
mod multipart;
mod oauth;
mod original;
mod plans;
mod proxy;
mod reach;
mod requests;
mod streams;
mod times;
mod tls;
mod worse_servers;

/// One command, `get`, that calls a URL with these keys beside it.
fn get(url: &str, keys: &str) -> String {
    format!(
        "version: 1\ncommands:\n  - name: get\n    description: Get it.\n    timeout: 20s\n    webhook: {{ url: \"{url}\", allow_private: true{keys} }}\n"
    )
}
