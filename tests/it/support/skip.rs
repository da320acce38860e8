//! Leaving out a test that needs something which this machine does not have.
//!
//! Away from CI that is one line on stderr. In CI (`CI` is set) it is a failure: what nobody looks
//! at must not look tested.

use std::io::Write;

/// Reports why the calling test cannot run; the test returns afterwards.
pub fn skip(reason: &str) {
    assert!(std::env::var_os("CI").is_none(), "skipped in CI: {reason}");
    leave_out(reason);
}

/// The same for what is in no repository, so that CI has it no more than others.
pub fn leave_out(reason: &str) {
    // Straight to the stream: what goes through `eprintln!` is shown for failed tests only.
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}
