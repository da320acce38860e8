//! What makes two calls equal: everything of their plans that runs, or what their command says.
//!
//! A digest of the words with their real values. It is never written anywhere as it is: names of files
//! are made of it with a key of this user.

use std::fmt::{self, Write};

use sha2::{Digest as _, Sha256};

use crate::model::{CacheRules, CacheScope, OutputRules};
use crate::plan::{ExecutionPlan, KeyPart};

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
        text.add(&(env!("CARGO_PKG_VERSION"), &tool.name));
        match rules.scope {
            CacheScope::Caller => text.add(&principal.id()),
            CacheScope::All => text.add(&"all"),
        }
        match cache_key {
            None => text.add(step),
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
    gathered: String,
}

/// Then it is hashed.
const ENOUGH: usize = 4 << 10;

impl Hashed {
    fn add(&mut self, value: &dyn fmt::Debug) {
        // A hash takes everything, so this cannot fail.
        let _ = write!(self, "{value:?};");
    }

    fn finish(mut self) -> [u8; 32] {
        self.flush();
        self.hash.finalize().into()
    }

    fn flush(&mut self) {
        self.hash.update(self.gathered.as_bytes());
        self.gathered.clear();
    }
}

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.gathered.push_str(text);
        if self.gathered.len() >= ENOUGH {
            self.flush();
        }
        Ok(())
    }
}
