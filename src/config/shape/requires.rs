//! `requires` of a command: what the host has to have before the command is offered.

use super::{Key, Kind, Names, Shape};

/// What `os` can name.
pub const SYSTEMS: [&str; 8] =
    ["linux", "macos", "windows", "freebsd", "openbsd", "netbsd", "illumos", "android"];
/// What `arch` can name; the last three are other words for the first ones.
pub const MACHINES: [&str; 12] = [
    "x86_64",
    "aarch64",
    "x86",
    "arm",
    "riscv64",
    "powerpc64",
    "s390x",
    "loongarch64",
    "mips64",
    "amd64",
    "arm64",
    "i686",
];

/// What `client` can name.
const CLIENT_FEATURES: [&str; 4] = ["tasks", "elicitation", "sampling", "roots"];

pub static REQUIRES: Shape = Shape {
    name: "requires",
    what: "`requires`",
    description: "What a host has to have. Where something is missing the command is not offered, and `mcpfier list --all` and `--validate` say what.",
    tables: &[&[
        Key::new(
            "os",
            Kind::Either(&[Kind::Choice(&SYSTEMS), Kind::ListOf(&Kind::Choice(&SYSTEMS))]),
            "The operating systems on which it runs.",
        )
        .otherwise("any")
        .examples(&["linux", "[linux, macos]"]),
        Key::new(
            "arch",
            Kind::Either(&[Kind::Choice(&MACHINES), Kind::ListOf(&Kind::Choice(&MACHINES))]),
            "The processors on which it runs. `amd64` is `x86_64`, `arm64` is `aarch64`, `i686` is `x86`.",
        )
        .otherwise("any")
        .examples(&["[x86_64, aarch64]"]),
        Key::new(
            "executables",
            Kind::Either(&[
                Kind::ListOf(&Kind::Either(&[Kind::Filled, Kind::Group(&REQUIRED_EXECUTABLE)])),
                Kind::MapOf(Names::Any, &Kind::Filled),
            ]),
            "Programs that have to be there: a list, or a map of names and ranges of versions. To know its version a program is run, as `NAME --version`.",
        )
        .otherwise("none")
        .examples(&["[du, sort]", "{ node: \">=18 <23\" }", "[{ name: java, version: \">=21\", args: [-version] }]"]),
        Key::new(
            "env",
            Kind::ListOf(&Kind::Filled),
            "Environment variables that have to be set and not empty.",
        )
        .otherwise("none")
        .examples(&["[AWS_REGION]"]),
        Key::new(
            "files",
            Kind::ListOf(&Kind::Path),
            "Files and folders that have to be there, relative to the folder of this file.",
        )
        .otherwise("none")
        .expands()
        .examples(&["[Makefile, ~/.kube/config]"]),
        Key::new(
            "engine",
            Kind::Choice(&["true", "docker", "podman"]),
            "`true`: a container engine has to answer. `docker` or `podman`: one of that name. It is the engine on which the command runs, or the one that is found by itself.",
        )
        .otherwise("none")
        .examples(&["docker"]),
        Key::new(
            "commands",
            Kind::ListOf(&Kind::ToolName),
            "Other commands of this file that have to be available.",
        )
        .otherwise("none")
        .examples(&["[build]"]),
        Key::new(
            "client",
            Kind::ListOf(&Kind::Choice(&CLIENT_FEATURES)),
            "What the client of a call has to be able to do, as it says itself: `tasks`, `elicitation`, `sampling`, `roots`. The command is offered to all; calls of other clients are refused and told what is missing.",
        )
        .otherwise("nothing")
        .examples(&["[tasks]", "[elicitation]"]),
        Key::new(
            "recheck",
            Kind::Duration,
            "How often a server looks again, at least `1s`. If a command has become available, or is no longer, clients are told.",
        )
        .otherwise("at every reload")
        .examples(&["5m"]),
    ]],
};

pub static REQUIRED_EXECUTABLE: Shape = Shape {
    name: "required-executable",
    what: "an element of `requires.executables`",
    description: "A program that has to be there, perhaps of certain versions.",
    tables: &[&[
        Key::new("name", Kind::Filled, "The program, by name or by path.").required().examples(&["node"]),
        Key::new(
            "version",
            Kind::Filled,
            "Comparisons that its version has to fulfil, all of them; with `||` between several groups one group is enough.",
        )
        .otherwise("any")
        .examples(&[">=18 <23", "^1.4 || >=2.1"]),
        Key::new("args", Kind::ListOf(&Kind::Text), "With which words it says its version.")
            .default("[--version]")
            .examples(&["[version, --short]"]),
        Key::new(
            "pattern",
            Kind::Pattern,
            "Where in what it says its version stands: the first group of this regular expression, or all of it without a group.",
        )
        .otherwise("the first two or three numbers with dots between them")
        .examples(&["'^jq-(\\S+)'"]),
    ]],
};
