//! What an engine's refusal means: an image, a program or a limit that is not there.

use super::connection::Trouble;
use super::failure::ContainerFailure;
use crate::model::Pull;
use crate::plan::ContainerPlan;

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
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["executable file not found", "no such file or directory"]) {
        return ContainerFailure::NoProgram { program, image, problem };
    }
    if says(&["permission denied", "exec format error", "is a directory"]) {
        return ContainerFailure::NotExecutable { program, image, problem };
    }
    ContainerFailure::Refused { doing, problem }
}

/// The program that could not be executed, if it was that.
fn program(message: &str, plan: &ContainerPlan) -> Option<String> {
    let (_, after) = message.split_once("exec")?;
    let quoted =
        after.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map(|(word, _)| word.to_owned());
    let first = plan.entrypoint.as_ref().and_then(|words| words.first().cloned());
    quoted.or(first).or_else(|| Some("the program".to_owned()))
}

/// The end of a chain of reasons is what went wrong; before it stands who heard of it.
fn reason(message: &str) -> &str {
    let message = message.trim().trim_end_matches(": unknown");
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
    }
}
