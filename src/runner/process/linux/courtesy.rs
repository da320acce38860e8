//! Whether a supervisor interrupts somebody when it is woken.
//!
//! Beside few commands it does, so that nothing waits for it. Where commands are many, each of them would be
//! interrupted by the supervisors of all others, for what can wait until a processor is free: that the program
//! runs, that it has ended. There they wait, which costs everyone a tenth less.

use super::order::Company;
use super::raw::Policy;

/// How this process behaves now.
pub struct Courtesy(Option<Policy>);

impl Courtesy {
    /// As it was begun; a process that was given another policy on purpose keeps it.
    pub fn begin() -> Self {
        Self(Policy::own().filter(|policy| *policy == Policy::Ordinary))
    }

    /// Behaves as the company demands.
    pub fn heed(&mut self, company: Company) {
        let wanted = match company {
            Company::Few => Policy::Ordinary,
            Company::Many => Policy::Batch,
        };
        if self.0.is_some_and(|policy| policy != wanted) && wanted.take().is_ok() {
            self.0 = Some(wanted);
        }
    }

    /// What a command is given in the place of what its supervisor has.
    pub fn not_for_commands(&self) -> Option<Policy> {
        (self.0 == Some(Policy::Batch)).then_some(Policy::Ordinary)
    }
}
