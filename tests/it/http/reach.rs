//! Where calls may lead: to the internet, and to one's own network only if the file says so.

use crate::support::program::mcpfier;
use crate::support::web::{Web, answer, reply};

fn tools(url: &str, keys: &str) -> String {
    format!(
        "version: 1\ncommands:\n  - name: get\n    description: Get it.\n    webhook: {{ url: \"{url}\"{keys} }}\n"
    )
}

#[test]
fn a_private_host_is_refused_when_the_file_is_loaded() {
    for url in [
        "http://localhost/",
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[fd00:ec2::254]/",
        "http://[::]/",
        "http://0.0.0.0/",
    ] {
        let said = mcpfier(&["--validate"]).tools(&tools(url, "")).ends_with(3).run();
        assert!(said.stderr.contains("error[E0112]"), "{url}: {}", said.stderr);
        mcpfier(&["--validate"]).tools(&tools(url, ", allow_private: true")).may_talk().run();
    }
}

#[test]
fn a_name_that_leads_to_this_host_is_refused_when_it_is_looked_up() {
    let web = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"secret")));
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let names = hosts.lines().filter(|line| line.starts_with("127.")).flat_map(str::split_whitespace);
    // A name that is not known as local by itself.
    let Some(name) = names.skip(1).find(|name| !name.starts_with("localhost") && !name.starts_with("127."))
    else {
        return;
    };
    let url = format!("http://{name}:{}/", web.address.port());
    let said = mcpfier(&["call", "get"]).tools(&tools(&url, "")).ends_with(125).run();
    assert!(said.stderr.contains("leads to the private address 127."), "{}", said.stderr);
    assert!(web.heard().is_empty());
}

#[test]
fn a_redirect_into_the_own_network_is_refused() {
    let inner = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"secret")));
    let (port, address) = (inner.address.port(), inner.address);
    for target in [
        format!("http://{address}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://localhost:{port}/"),
        format!("//me:pw@127.0.0.1:{port}/"),
    ] {
        let location = target.clone();
        let web = Web::start(move |_, stream| {
            reply(stream, &answer("302 Found", &[("Location", &location)], b""));
        });
        let said =
            mcpfier(&["call", "get"]).tools(&tools(&web.url(), ", allow_private: true")).ends_with(125).run();
        assert!(said.stderr.contains("leads to the private address"), "{target}: {}", said.stderr);
        assert!(said.stdout.is_empty());
    }
    assert!(inner.heard().is_empty());
}

#[test]
fn a_redirect_to_something_that_is_no_call_is_refused() {
    for target in ["file:///etc/passwd", "gopher://127.0.0.1/", "http://", "data:text/plain,x"] {
        let web = Web::start(move |_, stream| {
            reply(stream, &answer("302 Found", &[("Location", target)], b""));
        });
        let said =
            mcpfier(&["call", "get"]).tools(&tools(&web.url(), ", allow_private: true")).ends_with(125).run();
        assert!(
            said.stderr.contains("redirects to a URL that cannot be called"),
            "{target}: {}",
            said.stderr
        );
    }
}

#[test]
fn proxies_of_the_environment_are_not_used() {
    let web = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"direct")));
    let proxy = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"proxied")));
    let said = mcpfier(&["call", "get"])
        .tools(&tools(&web.url(), ", allow_private: true"))
        .env("http_proxy", &proxy.url())
        .env("ALL_PROXY", &proxy.url())
        .run();
    assert_eq!(said.stdout, "direct");
    assert!(proxy.heard().is_empty());
}

#[test]
fn a_host_without_certificates_calls_what_needs_none() {
    let web = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"plain")));
    let call = |url: &str| {
        mcpfier(&["call", "get"])
            .tools(&tools(url, ", allow_private: true"))
            .env("SSL_CERT_FILE", "/dev/null")
            .env("SSL_CERT_DIR", "/nonexistent")
    };
    assert_eq!(call(&web.url()).run().stdout, "plain");
    let said = call(&web.url().replace("http:", "https:")).ends_with(125).run();
    assert!(said.stderr.contains("ca-certificates"), "{}", said.stderr);
}
