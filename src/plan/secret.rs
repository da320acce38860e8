//! Planning a program that prints a secret: like any other process, with nothing of a caller in it.

use crate::model::{ByteSize, Limits, Piece, Reference, SecretScript, SecretText, Template};

use super::{Facts, Fill, PlannedStdin, ProcessPlan, Word};

/// Between the polite signal and the kill: nothing that such a program does needs longer.
const KILL_GRACE: std::time::Duration = std::time::Duration::from_secs(1);

impl SecretScript {
    /// What is run for the value; `None` if this host has no such program.
    pub fn plan(&self, facts: &Facts) -> Option<ProcessPlan> {
        let Self { program, args, env, inherit, working_dir, timeout, ttl: _ } = self;
        let words = std::iter::once(&program.written).chain(args);
        Some(ProcessPlan {
            program: program.path.clone()?,
            argv: words.map(|word| Word::Known(word.clone())).collect(),
            inherited: facts.inherited(inherit),
            variables: env.iter().map(|variable| (variable.name.clone(), word(&variable.value))).collect(),
            working_dir: working_dir.clone(),
            own_folder: false,
            stdin: PlannedStdin::Null,
            sandbox: None,
            limits: Limits::only_output(ByteSize(SecretText::MOST as u64)),
            timeout: *timeout,
            kill_grace: KILL_GRACE,
        })
    }
}

fn word(template: &Template) -> Word {
    Word::of(template.pieces().iter().map(fill).collect())
}

/// `config` lets nothing but texts and secrets through.
fn fill(piece: &Piece) -> Fill {
    match piece {
        Piece::Text(text) => Fill::Text(text.clone()),
        Piece::Value(Reference::Secret(name)) | Piece::Json(Reference::Secret(name)) => {
            Fill::Secret(name.clone())
        }
        Piece::Value(_) | Piece::Json(_) => Fill::Text(String::new()),
    }
}
