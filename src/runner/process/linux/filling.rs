//! From a plan to the order that a supervisor carries out: secrets are filled in here, and exist in
//! this process only until the order is sent.

use std::borrow::Cow;
use std::io;
use std::os::unix::ffi::OsStrExt;

use nix::unistd::{SysconfVar, sysconf};

use super::order::{Bounds, Company, HasNul, LARGEST_BODY, OrderWriter};
use crate::model::{Limits, Sandbox, SandboxNetwork, SandboxTmp};
use crate::plan::{PlannedStdin, ProcessPlan, Word};
use crate::runner::{SecretValues, StartError};

/// The longest argument or variable that the kernel takes, with its NUL.
const LONGEST_STRING: usize = 128 << 10;

/// What is sent to a supervisor, and what is needed to tell why it failed.
pub struct Filled {
    pub order: Vec<u8>,
    pub stdin: Option<Vec<u8>>,
    longest: usize,
}

/// Fills every hole of a plan.
pub fn fill(
    plan: &ProcessPlan,
    secrets: &SecretValues,
    cgroup: &[u8],
    company: Company,
) -> Result<Filled, StartError> {
    let stdin = match &plan.stdin {
        PlannedStdin::Null => None,
        PlannedStdin::Text(word) => Some(secrets.fill(word)?.into_owned().into_bytes()),
    };
    let mut writer = OrderWriter::new(bounds(&plan.limits), company, stdin.is_some());
    let nul = |HasNul| not_startable(plan, io::ErrorKind::InvalidInput, "an argument holds a NUL character");
    writer.string(&[plan.program.as_os_str().as_bytes()]).map_err(nul)?;
    writer.string(&[plan.working_dir.as_os_str().as_bytes()]).map_err(nul)?;
    writer.string(&[cgroup]).map_err(nul)?;
    writer.count(plan.argv.len());
    for word in &plan.argv {
        writer.string(&[secrets.fill(word)?.as_bytes()]).map_err(nul)?;
    }
    let variables = variables(plan);
    writer.count(variables.len());
    for (name, value) in variables {
        let value = match value {
            Value::Inherited(text) => Cow::Borrowed(text),
            Value::Set(word) => secrets.fill(word)?,
        };
        writer.string(&[name.as_bytes(), b"=", value.as_bytes()]).map_err(nul)?;
    }
    sandbox(plan.sandbox.as_ref(), &mut writer).map_err(nul)?;
    let longest = writer.longest();
    let filled = Filled { order: writer.finish(), stdin, longest };
    if filled.order.len() > LARGEST_BODY { Err(filled.too_large()) } else { Ok(filled) }
}

impl Filled {
    /// What the kernel means when it says that there is too much.
    pub fn too_large(&self) -> StartError {
        if self.longest > LONGEST_STRING {
            return StartError::TooLarge { bytes: self.longest, limit: LONGEST_STRING };
        }
        let limit = sysconf(SysconfVar::ARG_MAX).ok().flatten().and_then(|most| most.try_into().ok());
        StartError::TooLarge { bytes: self.order.len(), limit: limit.unwrap_or(LARGEST_BODY) }
    }
}

/// Why a program could not be started, as an error about it.
pub fn not_startable(plan: &ProcessPlan, kind: io::ErrorKind, problem: &str) -> StartError {
    StartError::Spawn { program: plan.program.display().to_string(), source: io::Error::new(kind, problem) }
}

fn bounds(limits: &Limits) -> Bounds {
    Bounds {
        memory: limits.memory.map_or(0, |memory| memory.0),
        cpu: limits.cpu.map_or(0, |cores| cores.0),
        pids: limits.pids.unwrap_or(0),
        files: limits.files.unwrap_or(0),
    }
}

fn sandbox(sandbox: Option<&Sandbox>, writer: &mut OrderWriter) -> Result<(), HasNul> {
    let Some(Sandbox { read, write, network, tmp }) = sandbox else {
        writer.no_sandbox();
        return Ok(());
    };
    writer.sandbox(*network == SandboxNetwork::Host, *tmp == SandboxTmp::Private);
    for paths in [read, write] {
        writer.count(paths.len());
        for path in paths {
            writer.string(&[path.as_os_str().as_bytes()])?;
        }
    }
    Ok(())
}

/// What names a folder of the host's that a sandbox with a folder of its own cannot reach.
const REPLACED: [&str; 2] = ["TMPDIR", "HOME"];

enum Value<'a> {
    Inherited(&'a str),
    Set(&'a Word),
}

/// What the command finds in its environment: each name once, the last word on it wins.
fn variables(plan: &ProcessPlan) -> Vec<(&str, Value<'_>)> {
    let set = |name: &str| plan.variables.iter().any(|(other, _)| other == name);
    let is_private = plan.sandbox.as_ref().is_some_and(|sandbox| sandbox.tmp == SandboxTmp::Private);
    let replaced = |name: &str| is_private && REPLACED.contains(&name);
    let inherited = plan.inherited.iter().filter(|(name, _)| !set(name) && !replaced(name));
    let mut all: Vec<(&str, Value<'_>)> =
        inherited.map(|(name, text)| (name.as_str(), Value::Inherited(text))).collect();
    for (index, (name, word)) in plan.variables.iter().enumerate() {
        let later = plan.variables.iter().skip(index + 1).any(|(other, _)| other == name);
        if !later {
            all.push((name, Value::Set(word)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::order::{Order, PREFIX};
    use super::*;
    use crate::model::{ByteSize, Enforcement, SecretText};
    use crate::plan::Fill;

    fn plan() -> ProcessPlan {
        let inherited = BTreeMap::from([("A", "1"), ("B", "2")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        ProcessPlan {
            program: PathBuf::from("/bin/echo"),
            argv: vec![Word::Known("echo".to_owned())],
            inherited: Arc::new(inherited),
            variables: Vec::new(),
            working_dir: PathBuf::from("/"),
            own_folder: false,
            stdin: PlannedStdin::Null,
            sandbox: None,
            limits: Limits {
                memory: None,
                cpu: None,
                pids: None,
                files: None,
                disk: None,
                output: ByteSize::mib(1),
                enforcement: Enforcement::BestEffort,
            },
            timeout: Duration::from_secs(1),
            kill_grace: Duration::from_secs(1),
        }
    }

    fn secrets() -> SecretValues {
        SecretValues::of([("token".parse().unwrap(), SecretText::of("a secret value".to_owned()).unwrap())])
    }

    #[test]
    fn the_last_word_on_a_variable_wins_and_secrets_are_filled_in() {
        let mut plan = plan();
        let secret = Word::Filled(vec![Fill::Text("=".to_owned()), Fill::Secret("token".parse().unwrap())]);
        let known = |text: &str| Word::Known(text.to_owned());
        plan.variables =
            [("B", known("3")), ("C", known("x")), ("C", secret)].map(|(n, w)| (n.to_owned(), w)).to_vec();
        let filled = fill(&plan, &secrets(), b"", Company::Few).unwrap();
        let order = Order::read(&filled.order[PREFIX..]).unwrap();
        assert_eq!(order.environment, [c"A=1", c"B=3", c"C==a secret value"]);
    }

    #[test]
    fn a_secret_without_a_value_is_an_error_that_names_it() {
        let mut plan = plan();
        plan.stdin = PlannedStdin::Text(Word::Filled(vec![Fill::Secret("other".parse().unwrap())]));
        let error = fill(&plan, &secrets(), b"", Company::Few).err().unwrap();
        assert_eq!(
            error.to_string(),
            "the secret `other` is not available: it is not declared under `secrets`"
        );
    }

    #[test]
    fn a_nul_in_an_argument_is_an_error() {
        let mut plan = plan();
        plan.argv.push(Word::Known("a\0b".to_owned()));
        let error = fill(&plan, &secrets(), b"", Company::Few).err().unwrap();
        assert_eq!(error.to_string(), "cannot run `/bin/echo`: an argument holds a NUL character");
    }

    #[test]
    fn one_argument_that_is_too_long_is_what_the_error_counts() {
        let mut plan = plan();
        plan.argv.push(Word::Known("x".repeat(LONGEST_STRING)));
        let error = fill(&plan, &secrets(), b"", Company::Few).unwrap().too_large();
        assert!(matches!(error, StartError::TooLarge { bytes: 131_073, limit: 131_072 }), "{error}");
    }
}
