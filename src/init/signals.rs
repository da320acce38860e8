//! Signals, read from a descriptor instead of taken at any moment.

use crate::system::{self, AGAIN, Errno, INTERRUPTED, Mask};

pub struct Signals {
    pub descriptor: i32,
    /// What was blocked when we began, and is for the command.
    before: Mask,
}

impl Signals {
    /// From now on no signal does anything by itself, but what cannot be blocked.
    pub fn take() -> Result<Self, Errno> {
        let before = Mask::ALL.block();
        Ok(Self { descriptor: Mask::ALL.descriptor()?, before })
    }

    /// As they were, for what is executed.
    pub fn give_back(&self) {
        self.before.block();
    }

    /// The next one that has come, if any.
    pub fn next(&self) -> Option<i32> {
        // As the kernel tells of one: its number comes first.
        let mut told = [0; 128];
        loop {
            match system::read(self.descriptor, &mut told) {
                Ok(_) => return told.first_chunk().map(|number| i32::from_ne_bytes(*number)),
                Err(INTERRUPTED) => {}
                Err(AGAIN) => return None,
                Err(_) => return None,
            }
        }
    }
}
