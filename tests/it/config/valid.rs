//! Files without mistakes.
