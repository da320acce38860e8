//! A program's own help → the command that one might want of it.
//!
//! It knows the common layouts: getopt and coreutils, clap, argparse, cobra and pflag, docopt, git.
//! A help text is written for people, so what comes out is a proposal to review, and says what it
//! left out. Options that could run programs, write or delete are never among what is proposed.

mod entry;
mod flag;
mod kind;
mod propose;
mod usage;

pub use propose::{NoHelp, propose};
