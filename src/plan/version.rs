//! Planning a program that is asked for its version: with little around it, and little time.

use std::time::Duration;

use crate::model::{ByteSize, EnvInherit, Limits, MOST_SAID, VersionQuestion};

use super::{Facts, PlannedStdin, ProcessPlan, Word};

/// What takes longer to say its version hangs.
const TIMEOUT: Duration = Duration::from_secs(2);
const KILL_GRACE: Duration = Duration::from_millis(100);

impl VersionQuestion {
    /// What is run for the answer.
    pub fn plan(&self, facts: &Facts) -> ProcessPlan {
        let Self { program, args, folder } = self;
        let program_word = program.to_string_lossy().into_owned();
        ProcessPlan {
            program: program.clone(),
            argv: std::iter::once(program_word).chain(args.iter().cloned()).map(Word::Known).collect(),
            inherited: facts.inherited(&EnvInherit::Minimal),
            // Numbers and words as everywhere.
            variables: vec![("LC_ALL".to_owned(), Word::Known("C".to_owned()))],
            working_dir: folder.clone(),
            own_folder: false,
            stdin: PlannedStdin::Null,
            sandbox: None,
            limits: Limits::only_output(ByteSize(MOST_SAID as u64)),
            timeout: TIMEOUT,
            kill_grace: KILL_GRACE,
        }
    }
}
