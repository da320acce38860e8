//! An entry of `executors`: an engine that is not the one found by itself.

use super::{Key, Kind, Shape};

pub static EXECUTOR: Shape = Shape {
    name: "executor",
    what: "an executor",
    description: "An engine of containers. Today it is one that speaks Docker's interface, which Podman does too.",
    tables: &[&[
        Key::new("docker", Kind::Group(&DOCKER), "An engine with the interface of Docker, or of Podman.")
            .required()
            .examples(&["{ host: unix:///run/user/1000/podman/podman.sock }"]),
        Key::later("kubernetes"),
        Key::later("ssh"),
        Key::later("podman"),
        Key::later("nomad"),
        Key::later("lambda"),
    ]],
};

pub static DOCKER: Shape = Shape {
    name: "docker",
    what: "`docker` of an executor",
    description: "Where an engine listens, and how both sides know each other. Whoever can talk to an engine is root of its host.",
    tables: &[&[
        Key::new(
            "host",
            Kind::Filled,
            "Where it listens: `unix:///PATH.sock` on this host, `tcp://HOST:PORT` with `tls`, or `ssh://USER@HOST`, which asks the `ssh` program of this host and needs a key that asks nobody anything.",
        )
        .required()
        .expands()
        .examples(&["ssh://ci@build-1", "tcp://10.0.0.5:2376", "\"unix://${XDG_RUNTIME_DIR}/docker.sock\""]),
        Key::new("tls", Kind::Group(&TLS), "The certificates for `tcp://`.")
            .otherwise("no TLS: everything, also values of secrets, can be read on its way")
            .examples(&["{ ca: ca.pem, cert: cert.pem, key: key.pem }"]),
    ]],
};

pub static TLS: Shape = Shape {
    name: "tls",
    what: "`tls`",
    description: "Files with certificates, in PEM.",
    tables: &[&[
        Key::new(
            "ca",
            Kind::Path,
            "The certificate of whoever has signed that of the engine. No other is believed.",
        )
        .required()
        .expands()
        .examples(&["certs/ca.pem", "~/.docker/ca.pem"]),
        Key::new(
            "cert",
            Kind::Path,
            "Our own certificate, which `dockerd --tlsverify` asks for; with `key`.",
        )
        .otherwise("none: the engine has to take everybody")
        .expands()
        .examples(&["certs/cert.pem"]),
        Key::new("key", Kind::Path, "The private key of `cert`.")
            .otherwise("none")
            .expands()
            .examples(&["certs/key.pem"]),
    ]],
};
