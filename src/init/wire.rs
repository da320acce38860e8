//! What the server and the init say to each other: both are compiled with this one file.
//!
//! To the init goes a *frame*: its length, and records of a tag, a length and bytes. From it come
//! *marks* among the output: a nonce that only the two know, a kind and a number. No frame is read
//! beyond its end, so what follows it is the command's own input.

use core::ffi::CStr;

/// The length of the records that follow, and of the bytes of one of them.
pub const LENGTH: usize = size_of::<u32>();
/// Longer frames are refused: no kernel takes so many words.
pub const LONGEST: usize = 8 << 20;

/// Tags of records. Texts end with a NUL, which is counted.
pub const NONCE: u8 = 1;
/// A word of the command, in order.
pub const WORD: u8 = 2;
/// `NAME=VALUE`, over what the container has.
pub const VARIABLE: u8 = 3;
/// Where it runs, if not where the init does.
pub const FOLDER: u8 = 4;
/// The command reads what follows the frame; without this record it reads nothing.
pub const INPUT: u8 = 5;
/// The init waits for another frame when this command has ended and nothing of it is left. The
/// command's input, of the length that the record holds, follows the frame and is read before it runs.
pub const STAY: u8 = 6;
/// A folder in memory that is emptied before the init waits again.
pub const FOLDER_TO_EMPTY: u8 = 7;

pub const NONCE_LENGTH: usize = 16;
/// A mark: the nonce, its kind, what the kernel says of memory, a number.
pub const MARK: usize = NONCE_LENGTH + 2 + size_of::<u32>();

/// The command is executed. On its standard error only.
pub const BEGUN: u8 = 1;
/// It has exited with this code, and nothing is alive; the last of both streams.
pub const EXITED: u8 = 2;
/// A signal of this number has ended it, and nothing is alive; the last of both streams.
pub const SIGNALLED: u8 = 3;
/// It could not be executed; the number is the kernel's. The last of both streams.
pub const NOT_EXECUTED: u8 = 4;
/// No folder of `PATH` has it. The last of both streams.
pub const NOT_FOUND: u8 = 5;
/// Its folder could not be entered; the number is the kernel's. The last of both streams.
pub const NO_FOLDER: u8 = 6;

/// Beside the kind of a last mark: the init waits for another frame.
pub const STAYS: u8 = 0x80;

/// Whether the kernel has killed something in the container for its memory.
pub const MEMORY_UNKNOWN: u8 = 0;
pub const MEMORY_SUFFICED: u8 = 1;
pub const MEMORY_EXCEEDED: u8 = 2;

/// The first word, if the init opens doors before all else (`doors.rs`). If others follow, they are
/// the program that it becomes, and no frame is waited for.
pub const DOORS: &CStr = c"doors";
/// The socket to which it goes then. There it is asked question after question, each of the same
/// length: a kind, a port and an address, as they go over wires. It answers each with a byte: 0,
/// and a descriptor beside it, or the number of the kernel that says why there is none.
pub const MEETING: &CStr = c"/.mcpfier/doors";
pub const QUESTION: usize = 1 + 2 + 16;

/// Kinds of questions. After the last, the end of the connection says that the program is executed,
/// and a byte why it is not.
pub const GO_ON: u8 = 0;
pub const TCP_V4: u8 = 4;
pub const TCP_V6: u8 = 6;
pub const UDP_V4: u8 = 17;
