//! `server.http.tls` and `server.http.auth.mtls`.

use super::{Key, Kind, Shape};

const TEXTS: Kind = Kind::ListOf(&Kind::Text);

pub static SERVER_TLS: Shape = Shape {
    name: "server_http_tls",
    what: "`server.http.tls`",
    description: "TLS on the host and port of the server, not on its `socket`, with HTTP/2 for those who can. It takes `cert` and `key`, `self_signed`, or `acme`. Files that change are read again by themselves.",
    tables: &[&[
        Key::new(
            "cert",
            Kind::Path,
            "The certificate that clients are shown, in PEM, with those between it and its authority.",
        )
        .otherwise("`self_signed` or `acme`")
        .expands()
        .examples(&["certs/server.pem"]),
        Key::new("key", Kind::Path, "The private key of `cert`, in PEM, without a passphrase.")
            .otherwise("`self_signed` or `acme`")
            .expands()
            .examples(&["certs/server.key"]),
        Key::new(
            "self_signed",
            Kind::Boolean,
            "A certificate that is made at the start, for development: no client believes it unless it is told to. With `cert` and `key` it is kept in these files, where clients find it.",
        )
        .default("false")
        .expands(),
        Key::new(
            "client_ca",
            Kind::Path,
            "The certificates of the authorities that sign those of clients, in PEM. `auth.mtls` says whom a certificate lets in.",
        )
        .otherwise("clients are asked for none")
        .expands()
        .examples(&["certs/clients-ca.pem"]),
        Key::new(
            "client_crl",
            Kind::Path,
            "The lists of certificates that those authorities have taken back, in PEM: one of each authority. A certificate of an authority without a list is not believed.",
        )
        .otherwise("what is signed is believed until it ends")
        .expands()
        .examples(&["certs/clients.crl"]),
        Key::new(
            "client_auth",
            Kind::Choice(&["required", "optional"]),
            "`optional`: a client may come without a certificate, and needs something else that lets it in. One that is shown has to be right all the same.",
        )
        .default("required")
        .expands(),
        Key::new("min_version", Kind::Choice(&["1.2", "1.3"]), "The oldest version of TLS that is spoken.")
            .default("\"1.2\"")
            .expands(),
        Key::new(
            "handshake_timeout",
            Kind::Duration,
            "How long a client may take until TLS stands between both.",
        )
        .default("10s")
        .expands(),
        Key::new(
            "acme",
            Kind::Group(&ACME),
            "A certificate that an authority like Let's Encrypt gives and renews by itself. It needs a build with the feature `acme`.",
        )
        .otherwise("none")
        .examples(&["{ domains: [tools.example.com], email: ops@example.com, cache: /var/lib/mcpfier/acme }"]),
    ]],
};

pub static ACME: Shape = Shape {
    name: "server_http_tls_acme",
    what: "`server.http.tls.acme`",
    description: "An authority that gives certificates by itself. It connects to port 443 of each name to see that it is yours (TLS-ALPN-01), which has to lead here.",
    tables: &[&[
        Key::new("domains", TEXTS, "The names that the certificate is for.")
            .required()
            .expands()
            .examples(&["[tools.example.com]"]),
        Key::new("email", Kind::Filled, "Whom the authority writes to.")
            .otherwise("nobody")
            .expands()
            .examples(&["ops@example.com"]),
        Key::new("directory", Kind::Filled, "Where the authority is asked.")
            .default("https://acme-v02.api.letsencrypt.org/directory")
            .expands()
            .examples(&["https://acme-staging-v02.api.letsencrypt.org/directory"]),
        Key::new(
            "directory_ca",
            Kind::Path,
            "The certificate of whoever has signed that of the directory, where this host does not believe it.",
        )
        .otherwise("those whom this host believes")
        .expands(),
        Key::new("cache", Kind::Path, "The folder in which the account, the key and the certificate are kept.")
            .default("acme")
            .expands()
            .examples(&["/var/lib/mcpfier/acme"]),
    ]],
};

pub static MTLS: Shape = Shape {
    name: "server_http_auth_mtls",
    what: "`server.http.auth.mtls`",
    description: "Callers who are known by the certificate that their client shows; `tls.client_ca` says whose are believed.",
    tables: &[&[Key::new(
        "users",
        Kind::ListOf(&Kind::Group(&CERTIFICATE_USER)),
        "Whose certificates let in. A certificate that is not of one of these lets nobody in.",
    )
    .required()
    .examples(&["[{ subject: \"CN=ci,O=Example\", name: ci, permissions: [\"test-*\"] }]"])]],
};

pub static CERTIFICATE_USER: Shape = Shape {
    name: "certificate_user",
    what: "an entry of `mtls.users`",
    description: "A caller whose certificate lets in: one with this `subject`, or with this other name (`san`).",
    tables: &[&[
        Key::new(
            "permissions",
            TEXTS,
            "The tools that they may see and call beside those of their roles, by name; `*` stands for any text, `?` for a character.",
        )
        .otherwise("all, unless they have `roles`")
        .expands()
        .examples(&["[\"git-*\", search]"]),
        Key::new("roles", TEXTS, "The roles that they have.").default("[]").expands().examples(&["[release-manager]"]),
        Key::new(
            "subject",
            Kind::Filled,
            "The whole subject of the certificate, as `openssl x509 -subject -nameopt RFC2253` prints it.",
        )
        .otherwise("`san`")
        .expands()
        .examples(&["\"CN=ci,OU=build,O=Example\""]),
        Key::new(
            "san",
            Kind::Filled,
            "In place of the subject, one of the other names of the certificate: `dns:`, `email:`, `uri:` or `ip:` and the name.",
        )
        .otherwise("`subject`")
        .expands()
        .examples(&["dns:ci.example.com", "uri:spiffe://example.com/ci"]),
        Key::new("name", Kind::Filled, "Who that is, for logs and policies.")
            .otherwise("the `CN` of the subject, or the other name")
            .expands()
            .examples(&["ci"]),
        Key::new("description", Kind::Text, "Who that is; for those who read the file.")
            .otherwise("none")
            .expands(),
    ]],
};
