//! What a tool does: a program with arguments, a script for a shell, either of them in a container, or a
//! call of an HTTP interface, or a flow of such steps.

use std::path::PathBuf;

use super::container::ContainerWorkload;
use super::flow::Flow;
use super::http::HttpAction;
use super::name::ParamName;
use super::sandbox::Sandbox;
use super::template::Template;

/// What a call of a tool carries out.
#[derive(Debug, Clone)]
pub enum Action {
    /// A process on this machine.
    Process(Box<Workload>),
    /// A process in a container.
    Container(Box<ContainerWorkload>),
    /// A call of an HTTP interface.
    Http(Box<HttpAction>),
    /// Steps, each a command of the file or written in place.
    Flow(Box<Flow>),
    /// Declared, known, and not built yet; the text names what.
    NotSupported(String),
}

/// A local process, with holes for arguments and secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    pub script: Script,
    /// Set by the file, in its order.
    pub env: Vec<Variable>,
    pub inherit: EnvInherit,
    pub working_dir: Template,
    /// Each caller has a folder of their own in `working_dir`.
    pub per_caller: bool,
    pub stdin: Stdin,
    /// `None`: as free as the server itself.
    pub sandbox: Option<Sandbox>,
}

/// What is executed.
#[derive(Debug, Clone, PartialEq)]
pub enum Script {
    /// A program and its words.
    Program { program: Program, args: Vec<Argument> },
    /// Text for an interpreter. Parameters reach it as environment variables, never as text.
    Shell { shell: Program, flag: String, text: String },
}

impl Script {
    pub fn program(&self) -> &Program {
        match self {
            Self::Program { program, .. } => program,
            Self::Shell { shell, .. } => shell,
        }
    }
}

/// An executable, resolved when the file is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// As the user wrote it; what `argv[0]` is.
    pub written: String,
    /// Absolute, or `None` if this host has no such executable (the tool is then unavailable).
    pub path: Option<PathBuf>,
}

/// One element of `args`.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// One word. Dropped if a parameter in it is absent; several words if it is exactly one array.
    Word(Template),
    /// There only if the boolean parameter is true.
    If { param: ParamName, args: Vec<Argument> },
    /// Dropped whole if a parameter in it is absent.
    Group(Vec<Argument>),
}

/// An environment variable that the file sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    pub name: String,
    pub value: Template,
}

/// Which of the server's variables a child gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvInherit {
    /// `PATH HOME USER LOGNAME SHELL LANG LC_* TZ TMPDIR`.
    Minimal,
    All,
    None,
    /// Minimal and these; `*` at the end of a name matches any tail.
    Also(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Stdin {
    /// `/dev/null`.
    Null,
    Text(Template),
}
