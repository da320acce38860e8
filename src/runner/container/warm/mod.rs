//! Containers that are made ahead: started, with everything in force, and waiting for one command.
//!
//! A call takes one and is its only call. What is taken is made again in the background, when nobody
//! calls. Where there is none a call makes its own, as if there were no pool.

mod filling;
mod made;
mod pool;
mod staying;
mod used;

pub use made::Assignment;
pub use pool::{Pool, Waiting};
