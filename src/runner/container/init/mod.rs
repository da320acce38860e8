//! This side of our init, the first process of containers that wait for their command (`src/init`).
//!
//! A frame tells it what to run; marks among the output tell when that is executed and how it ended.
//! Both are faster than what an engine says, and neither is seen by whoever looks at the engine.

mod frame;
mod marks;
mod nonce;
mod place;
mod program;
#[path = "../../../init/wire.rs"]
pub(super) mod wire;

pub use frame::{Frame, Stay};
pub use marks::{Ended, Memory, Strainer, Told};
pub use nonce::Nonce;
pub use place::{InitFile, TARGET};
pub use program::program;
