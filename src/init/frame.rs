//! A frame: what is to be run, as it lies in memory.

use core::ffi::CStr;

use crate::wire;

/// Checked as a whole; its texts stay where they came.
pub struct Frame<'b> {
    pub nonce: &'b [u8],
    pub folder: Option<&'b CStr>,
    /// Whether what follows the frame is for the command.
    pub has_input: bool,
    /// So much of it is read before the command runs, since others follow.
    pub input_to_keep: Option<usize>,
    records: Records<'b>,
}

impl<'b> Frame<'b> {
    /// `None`: nobody of ours has written that.
    pub fn of(bytes: &'b [u8]) -> Option<Self> {
        let records = Records { rest: bytes };
        let (mut nonce, mut folder, mut has_input, mut words) = (None, None, false, 0);
        let mut input_to_keep = None;
        let mut left = records;
        while !left.rest.is_empty() {
            let (tag, value) = left.first()?;
            match tag {
                wire::NONCE if value.len() == wire::NONCE_LENGTH => nonce = Some(value),
                wire::FOLDER => folder = Some(text(value)?),
                wire::INPUT => has_input = true,
                wire::STAY => {
                    let length = u32::from_le_bytes(*value.first_chunk()?);
                    input_to_keep = Some(usize::try_from(length).ok()?);
                }
                wire::FOLDER_TO_EMPTY => drop(text(value)?),
                wire::WORD => {
                    text(value)?;
                    words += 1;
                }
                wire::VARIABLE => drop(text(value)?),
                _ => return None,
            }
        }
        (words > 0).then_some(Self { nonce: nonce?, folder, has_input, input_to_keep, records })
    }

    /// Whether another frame is waited for when this command has ended.
    pub fn stays(&self) -> bool {
        self.input_to_keep.is_some()
    }

    pub fn folders_to_empty(&self) -> impl Iterator<Item = &'b CStr> + Clone {
        self.texts(wire::FOLDER_TO_EMPTY)
    }

    pub fn words(&self) -> impl Iterator<Item = &'b CStr> + Clone {
        self.texts(wire::WORD)
    }

    pub fn variables(&self) -> impl Iterator<Item = &'b CStr> + Clone {
        self.texts(wire::VARIABLE)
    }

    fn texts(&self, wanted: u8) -> impl Iterator<Item = &'b CStr> + Clone {
        let texts = self.records.filter(move |(tag, _)| *tag == wanted);
        texts.filter_map(|(_, value)| text(value))
    }
}

fn text(value: &[u8]) -> Option<&CStr> {
    CStr::from_bytes_with_nul(value).ok()
}

#[derive(Clone, Copy)]
struct Records<'b> {
    rest: &'b [u8],
}

impl<'b> Records<'b> {
    fn first(&mut self) -> Option<(u8, &'b [u8])> {
        let (tag, rest) = self.rest.split_first()?;
        let (length, rest) = rest.split_first_chunk::<{ wire::LENGTH }>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (value, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some((*tag, value))
    }
}

impl<'b> Iterator for Records<'b> {
    type Item = (u8, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.first()
    }
}
