//! What makes two calls equal: everything of their plans that runs, or what their command says.
//!
//! A digest of the words with their real values. It is never written anywhere as it is: names of files
//! are made of it with a key of this user.

use std::fmt::{self, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::model::{CacheRules, CacheScope, OutputRules};
use crate::plan::{ExecutionPlan, KeyPart, ProcessPlan, Step, Word};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// What results of such a call are remembered by.
    pub fn of(plan: &ExecutionPlan, rules: &CacheRules) -> Self {
        let ExecutionPlan {
            tool,
            principal,
            step,
            means: _,
            cache_key,
            fallback: _,
            held: _,
            confirm: _,
            output: _,
        } = plan;
        let mut text = Hashed::default();
        // Derived forms name every field and quote every text, so that nothing is left out or runs together.
        // They take their time, so what most calls consist of is added by itself, each text with its length.
        text.add(&(env!("CARGO_PKG_VERSION"), &tool.name));
        match rules.scope {
            CacheScope::Caller => text.add(&principal.id()),
            CacheScope::All => text.add(&"all"),
        }
        match cache_key {
            None => text.add_step(step),
            Some(parts) => {
                text.add(&(&tool.action, &tool.limits, &tool.exit_codes, &tool.timeout));
                for KeyPart { written, value } in parts {
                    text.add(&(written, value));
                }
            }
        }
        // Those that are compiled show what they are compiled of.
        let OutputRules { format, schema, select, template, .. } = &tool.output;
        text.add(&(format, schema, select, template, &tool.exit_codes));
        Self(text.finish())
    }
}

/// Hashes texts; what comes in many small pieces is gathered first.
#[derive(Default)]
struct Hashed {
    hash: Sha256,
    gathered: Vec<u8>,
}

/// Then it is hashed.
const ENOUGH: usize = 4 << 10;

impl Hashed {
    fn add(&mut self, value: &dyn fmt::Debug) {
        // A hash takes everything, so this cannot fail.
        let _ = write!(self, "{value:?};");
    }

    fn add_step(&mut self, step: &Step) {
        match step {
            Step::Process(process) => self.add_process(process),
            Step::Container(_) | Step::Http(_) | Step::Flow(_) => self.add(step),
        }
    }

    fn add_process(&mut self, process: &ProcessPlan) {
        let ProcessPlan {
            program,
            argv,
            inherited,
            variables,
            working_dir,
            own_folder,
            stdin,
            sandbox,
            limits,
            timeout,
            kill_grace,
        } = process;
        self.add_path(program);
        self.add_path(working_dir);
        self.add(&(argv.len(), inherited.len(), variables.len()));
        argv.iter().for_each(|word| self.add_word(word));
        for (name, value) in &**inherited {
            self.add_text(name.as_bytes());
            self.add_text(value.as_bytes());
        }
        for (name, word) in variables {
            self.add_text(name.as_bytes());
            self.add_word(word);
        }
        self.add(&(own_folder, stdin, sandbox, limits, timeout, kill_grace));
    }

    fn add_path(&mut self, path: &Path) {
        self.add_text(path.as_os_str().as_encoded_bytes());
    }

    fn add_word(&mut self, word: &Word) {
        match word {
            Word::Known(text) => {
                self.push(b"=");
                self.add_text(text.as_bytes());
            }
            Word::Filled(_) => self.add(word),
        }
    }

    fn add_text(&mut self, text: &[u8]) {
        self.push(&text.len().to_le_bytes());
        self.push(text);
    }

    fn push(&mut self, bytes: &[u8]) {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= ENOUGH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.hash.update(&self.gathered);
        self.gathered.clear();
    }

    fn finish(mut self) -> [u8; 32] {
        self.flush();
        self.hash.finalize().into()
    }
}

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}
