//! Limits by cgroup v2, where this user has a part of the tree that it may divide.
//!
//! [`Place`] finds that part without touching anything. [`Ground`] is the server's own folder in it,
//! made when the first limited call comes. In it every supervisor that runs a limited call has a
//! [`Leaf`]. Leftovers of servers that were killed are removed by [`sweep`].
//!
//! Only the second version is spoken: the first one has no delegation worth the name.

mod ground;
mod leaf;
mod place;
mod sweep;

use std::path::Path;
use std::{fs, io};

pub use ground::Ground;
pub use leaf::{Enforced, Leaf};
pub use place::{Controllers, Place};
pub use sweep::{start_of, sweep};

/// Writes one of a cgroup's files, which exist already and take one value at a time.
fn set(cgroup: &Path, file: &str, value: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    io::Write::write_all(&mut options.write(true).open(cgroup.join(file))?, value.as_bytes())
}

fn read(cgroup: &Path, file: &str) -> io::Result<String> {
    fs::read_to_string(cgroup.join(file))
}
