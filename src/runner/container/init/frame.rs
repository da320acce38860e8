//! What is sent to the init: one command, in a form that it reads without an allocator.

use super::nonce::Nonce;
use super::wire;

/// A command. It may hold secrets, so nothing of it is ever printed.
pub struct Frame<'a> {
    /// The first is the program.
    pub words: &'a [String],
    /// `NAME=VALUE`, over those that the container has. Of two of one name the last counts.
    pub variables: &'a [String],
    /// Where it runs, if not where the container does.
    pub folder: Option<&'a str>,
    /// Whether the command reads what is sent behind the frame.
    pub has_input: bool,
    /// Set if other commands follow.
    pub stay: Option<Stay<'a>>,
}

/// What makes the container fit for another command.
pub struct Stay<'a> {
    /// How long the input is: it ends where the next frame begins.
    pub input: usize,
    /// Folders in memory, in the container.
    pub folders: &'a [String],
}

impl Frame<'_> {
    fn is_set_again(&self, at: usize, variable: &str) -> bool {
        let name = |variable: &str| variable.split('=').next().map(str::to_owned);
        let later = self.variables.get(at + 1..).unwrap_or_default();
        later.iter().any(|other| name(other) == name(variable))
    }

    /// Or what cannot be said to a program.
    pub fn encode(&self, nonce: &Nonce) -> Result<Vec<u8>, &'static str> {
        let mut bytes = vec![0; wire::LENGTH];
        put(&mut bytes, wire::NONCE, &[&nonce.0])?;
        for word in self.words {
            put_text(&mut bytes, wire::WORD, word)?;
        }
        let variables = self.variables.iter().enumerate();
        for (_, variable) in variables.filter(|(at, variable)| !self.is_set_again(*at, variable)) {
            put_text(&mut bytes, wire::VARIABLE, variable)?;
        }
        if let Some(folder) = self.folder {
            put_text(&mut bytes, wire::FOLDER, folder)?;
        }
        if self.has_input {
            put(&mut bytes, wire::INPUT, &[])?;
        }
        if let Some(Stay { input, folders }) = &self.stay {
            let input = u32::try_from(*input).map_err(|_| "the input is too long")?;
            put(&mut bytes, wire::STAY, &[&input.to_le_bytes()])?;
            for folder in *folders {
                put_text(&mut bytes, wire::FOLDER_TO_EMPTY, folder)?;
            }
        }
        let length = bytes.len() - wire::LENGTH;
        if length > wire::LONGEST {
            return Err(TOO_LONG);
        }
        let length = u32::try_from(length).map_err(|_| TOO_LONG)?;
        bytes.iter_mut().zip(length.to_le_bytes()).for_each(|(place, byte)| *place = byte);
        Ok(bytes)
    }
}

const TOO_LONG: &str = "argument list too long";

fn put_text(bytes: &mut Vec<u8>, tag: u8, text: &str) -> Result<(), &'static str> {
    match text.contains('\0') {
        true => Err("a NUL stands in a word or in a variable"),
        false => put(bytes, tag, &[text.as_bytes(), b"\0"]),
    }
}

fn put(bytes: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) -> Result<(), &'static str> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    bytes.push(tag);
    bytes.extend(u32::try_from(length).map_err(|_| TOO_LONG)?.to_le_bytes());
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(words: &[String], variables: &[String]) -> Result<Vec<u8>, &'static str> {
        let folders = ["/tmp".to_owned()];
        let stay = Stay { input: 3, folders: &folders };
        let frame = Frame { words, variables, folder: Some("/w"), has_input: true, stay: Some(stay) };
        frame.encode(&Nonce([7; wire::NONCE_LENGTH]))
    }

    #[test]
    fn a_frame_is_its_length_and_its_records() {
        let bytes = encoded(&["ab".to_owned()], &["N=1".to_owned(), "N=v".to_owned()]).unwrap();
        let mut expected = vec![0, 0, 0, 0];
        expected.extend([1, 16, 0, 0, 0]);
        expected.extend([7; 16]);
        expected.extend(b"\x02\x03\0\0\0ab\0");
        expected.extend(b"\x03\x04\0\0\0N=v\0");
        expected.extend(b"\x04\x03\0\0\0/w\0");
        expected.extend(b"\x05\0\0\0\0");
        expected.extend(b"\x06\x04\0\0\0\x03\0\0\0");
        expected.extend(b"\x07\x05\0\0\0/tmp\0");
        expected[0] = u8::try_from(expected.len() - 4).unwrap();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_no_program_can_be_told_is_refused() {
        assert!(encoded(&["a\0b".to_owned()], &[]).is_err());
        assert!(encoded(&[], &["N=\0".to_owned()]).is_err());
        assert_eq!(encoded(&["a".repeat(wire::LONGEST)], &[]), Err(TOO_LONG));
    }
}
