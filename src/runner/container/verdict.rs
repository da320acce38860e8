//! What an engine's refusal means: an image, a program or a limit that is not there.

use std::num::NonZeroI32;

use super::connection::Trouble;
use super::egress::Missed;
use super::failure::ContainerFailure;
use super::init::{Ended, Memory, Told};
use crate::model::Pull;
use crate::plan::ContainerPlan;
use crate::runner::End;

pub fn not_created(plan: &ContainerPlan, trouble: Trouble) -> ContainerFailure {
    let image = plan.image.clone();
    match trouble {
        Trouble::Said { status: 404, .. } if plan.pull == Pull::Never => ContainerFailure::NoImage { image },
        Trouble::Said { message, .. } if message.contains("storage-opt") => {
            ContainerFailure::NoDiskLimit { problem: message }
        }
        Trouble::Said { message, doing, .. } if message.contains("No command specified") => {
            let problem = format!("`{image}` has no program of its own; name one");
            ContainerFailure::Refused { doing, problem }
        }
        other => other.into(),
    }
}

pub fn not_started(plan: &ContainerPlan, trouble: Trouble) -> ContainerFailure {
    let Trouble::Said { message, doing, .. } = trouble else { return trouble.into() };
    let (image, problem) = (plan.image.clone(), reason(&message).to_owned());
    if plan.gpus.is_some() && message.contains("could not select device driver") {
        return ContainerFailure::NoGpus { problem };
    }
    let Some(program) = program(&message, plan) else {
        return ContainerFailure::Refused { doing, problem };
    };
    let told = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| told.contains(word));
    if says(&["executable file not found", "no such file or directory", "a command that was not found"]) {
        return ContainerFailure::NoProgram { program, image, problem };
    }
    if says(&["permission denied", "exec format error", "is a directory"]) {
        return ContainerFailure::NotExecutable { program, image, problem };
    }
    ContainerFailure::Refused { doing, problem }
}

/// Of a container that could reach a few destinations, and did not come to its program.
pub fn not_opened(plan: &ContainerPlan, missed: Missed) -> ContainerFailure {
    let number = match missed {
        Missed::NotExecuted(number) => number,
        Missed::Other(problem) => return ContainerFailure::Egress { problem },
    };
    let first = plan.entrypoint.as_ref().and_then(|words| words.first());
    let program = first.map_or("the program", String::as_str);
    let failure = not_begun(plan, program, Told::NotExecuted(number));
    failure.unwrap_or_else(|| ContainerFailure::Egress { problem: "its program does not run".to_owned() })
}

/// What our init says of a command that it could not execute. `None`: it is executed.
pub fn not_begun(plan: &ContainerPlan, program: &str, told: Told) -> Option<ContainerFailure> {
    let (image, program) = (plan.image.clone(), program.to_owned());
    let why = |problem: &str| format!("exec: {program:?}: {problem}");
    Some(match told {
        Told::Exited(_) | Told::Signalled(_) => return None,
        Told::NotFound => {
            let problem = why("executable file not found in $PATH");
            ContainerFailure::NoProgram { program, image, problem }
        }
        Told::NotExecuted(NOT_THERE) => {
            let problem = why(&kernels_words(NOT_THERE));
            ContainerFailure::NoProgram { program, image, problem }
        }
        Told::NotExecuted(number) if OF_A_FILE.iter().any(|(known, _)| *known == number) => {
            let problem = why(&kernels_words(number));
            ContainerFailure::NotExecutable { program, image, problem }
        }
        Told::NotExecuted(number) | Told::NoFolder(number) => {
            let problem = why(&kernels_words(number));
            ContainerFailure::Refused { doing: "to start the container", problem }
        }
    })
}

/// Numbers of the kernel under the container, whatever system this is.
const NOT_THERE: i32 = 2;
const OF_A_FILE: [(i32, &str); 6] = [
    (1, "operation not permitted"),
    (8, "exec format error"),
    (13, "permission denied"),
    (20, "not a directory"),
    (21, "is a directory"),
    (26, "text file busy"),
];

fn kernels_words(number: i32) -> String {
    const OTHERS: [(i32, &str); 4] = [
        (NOT_THERE, "no such file or directory"),
        (7, "argument list too long"),
        (11, "resource temporarily unavailable"),
        (12, "cannot allocate memory"),
    ];
    let known = OF_A_FILE.iter().chain(&OTHERS).find(|(known, _)| *known == number);
    known.map_or_else(|| format!("error {number} of the kernel"), |(_, words)| (*words).to_owned())
}

/// How a command ended whose end our init tells, if that says all. As an engine says it: the code of
/// one that was ended by a signal is 128 and the signal.
pub fn end_told(Ended { told, memory, stays: _ }: Ended) -> Option<End> {
    const KILLED: i32 = 128 + 9;
    let code = match told {
        Told::Exited(code) => code,
        Told::Signalled(signal) => 128 + signal,
        Told::NotExecuted(_) | Told::NotFound | Told::NoFolder(_) => return Some(End::Lost),
    };
    Some(match (NonZeroI32::new(code), memory) {
        (None, _) => End::Success,
        (Some(_), Memory::Exceeded) => End::OutOfMemory,
        (Some(_), Memory::Unknown) if code == KILLED => return None,
        (Some(_), _) if code == KILLED => End::Signalled(9),
        (Some(code), _) => End::Failed(code),
    })
}

/// The program that could not be executed, if it was that.
fn program(message: &str, plan: &ContainerPlan) -> Option<String> {
    let (_, after) = message.split_once("exec")?;
    let quoted =
        after.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map(|(word, _)| word.to_owned());
    let first = plan.entrypoint.as_ref().and_then(|words| words.first().cloned());
    quoted.or(first).or_else(|| Some("the program".to_owned()))
}

/// What engines add behind a reason.
const KINDS: [&str; 4] = [
    ": unknown",
    ": OCI permission denied",
    ": OCI runtime attempted to invoke a command that was not found",
    ": OCI runtime error",
];

/// The end of a chain of reasons is what went wrong; before it stands who heard of it.
fn reason(message: &str) -> &str {
    let mut message = message.trim();
    for kind in KINDS {
        message = message.strip_suffix(kind).unwrap_or(message);
    }
    match message.rfind("caused: ").or_else(|| message.rfind("exec: ")) {
        Some(at) => message.get(at..).map_or(message, |rest| rest.trim_start_matches("caused: ")),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_reason_is_told() {
        let message = r#"OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "nope": executable file not found in $PATH: unknown"#;
        assert_eq!(reason(message), r#"exec: "nope": executable file not found in $PATH"#);
        assert_eq!(reason("something else"), "something else");
        let message = r#"preparing container 0f for attach: runc: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: OCI runtime attempted to invoke a command that was not found"#;
        assert_eq!(reason(message), r#"exec: "nope": executable file not found in $PATH"#);
    }
}
