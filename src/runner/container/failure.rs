//! Why a container could not be started. The text is for whoever called, and says what to do.

use std::time::Duration;

use crate::model::format_duration;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerFailure {
    #[error("no container engine was found ({}); start Docker or Podman, or set `DOCKER_HOST` to where it listens", .tried.join(", "))]
    NoEngine { tried: Vec<String> },
    #[error("the container engine cannot be found: {problem}")]
    BadAddress { problem: String },
    #[error("the container engine at `{at}` cannot be reached: {problem}; {cure}")]
    Unreachable { at: String, problem: String, cure: String },
    #[error(
        "the container engine at `{at}`, {engine}, is too old: it speaks API {api}, and 1.41 is needed, which Docker 20.10 has; update it"
    )]
    TooOld { at: String, engine: String, api: String },
    #[error(
        "what is mounted was looked up on this host, and the engine at `{at}` is on another; mount a folder that the file names, without `within`"
    )]
    MountElsewhere { at: String },
    #[error("the container engine does not answer: asked {doing}, it said nothing for {}; see whether it hangs", format_duration(*.after))]
    Slow { doing: &'static str, after: Duration },
    #[error("the image `{image}` is not there, and `pull` is `never`; `docker pull {image}` fetches it")]
    NoImage { image: String },
    #[error("the image `{image}` cannot be pulled: {problem}; {cure}")]
    NotPulled { image: String, problem: String, cure: String },
    #[error("the image of `{folder}` cannot be built: {problem}")]
    NotBuildable { folder: String, problem: String },
    #[error(
        "the engine has another image of the name `{image}` than was agreed on: {found}, where the lock says {locked}; `docker pull` what was agreed on, or accept it with `mcpfier lock`"
    )]
    NotAgreed { image: String, locked: String, found: String },
    #[error("the image `{image}` does not count as signed: {problem}")]
    NotVerified { image: String, problem: String },
    #[error(
        "the image `{image}` may not run: {by} knows something of it that is {block_on} or worse; `mcpfier images scan {image}` shows what"
    )]
    Blocked { image: String, by: &'static str, block_on: &'static str },
    #[error("the image `{image}` could not be looked through, and its `scan` asks for that: {problem}")]
    NotScanned { image: String, problem: String },
    #[error(
        "the engine has no graphics cards to give: {problem}; install the container toolkit of their maker on its host, or remove `gpus`"
    )]
    NoGpus { problem: String },
    #[error("there is no `{program}` in the image `{image}`: {problem}")]
    NoProgram { program: String, image: String, problem: String },
    #[error("`{program}` of the image `{image}` cannot be executed: {problem}")]
    NotExecutable { program: String, image: String, problem: String },
    #[error(
        "the engine cannot enforce `limits.disk`: {problem}; take it away, or let `limits_enforcement` be `best_effort`"
    )]
    NoDiskLimit { problem: String },
    #[error("the engine does not enforce a limit, and `limits_enforcement` is `required`: {problem}")]
    NotLimited { problem: String },
    #[error("`files` cannot be put into the container: {problem}")]
    Files { problem: String },
    #[error("`network: {{ allow }}` cannot be kept: {problem}")]
    Egress { problem: String },
    #[error("the engine refuses {doing}: {problem}")]
    Refused { doing: &'static str, problem: String },
    #[error("no container can be made ahead: {problem}")]
    NotAhead { problem: String },
    #[error("cancelled before it started")]
    Cancelled,
    #[error("this program was built without containers")]
    NotBuilt,
}
