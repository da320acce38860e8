//! Whatever bytes a file holds: an answer, soon, within little memory.
