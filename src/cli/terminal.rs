//! A line that somebody types at the terminal of this program, with what ends it besides Enter.

use std::io::{self, BufRead, IsTerminal, Write};

/// What came of a question.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    Line(String),
    /// Nothing more comes: Ctrl-D.
    Ended,
    /// Ctrl-C.
    Interrupted,
}

/// Whether somebody can be asked here, and sees the question.
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and waits for a line.
pub fn ask(question: &str) -> io::Result<Typed> {
    let keys = Keys::make()?;
    let mut stderr = io::stderr();
    stderr.write_all(question.as_bytes())?;
    stderr.flush()?;
    let typed = line(io::stdin().lock(), keys.interrupts());
    if !matches!(typed, Ok(Typed::Line(_))) {
        // The cursor stands behind the question yet.
        let _ = stderr.write_all(b"\n");
    }
    typed
}

/// Up to Enter, or to one of the keys that give up.
fn line(mut keys: impl BufRead, interrupts: &[u8]) -> io::Result<Typed> {
    let mut line = Vec::new();
    loop {
        let part = match keys.fill_buf() {
            Ok(part) => part,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if part.is_empty() {
            return Ok(if line.is_empty() { Typed::Ended } else { Typed::Line(text(line)) });
        }
        let end = part.iter().position(|byte| *byte == b'\n' || interrupts.contains(byte));
        let (taken, last) = match end {
            Some(end) => (end + 1, part.get(end).copied()),
            None => (part.len(), None),
        };
        line.extend(part.iter().take(end.unwrap_or(taken)));
        keys.consume(taken);
        match last {
            Some(b'\n') => return Ok(Typed::Line(text(line))),
            Some(_) => return Ok(Typed::Interrupted),
            None => {}
        }
    }
}

fn text(line: Vec<u8>) -> String {
    let line = String::from_utf8_lossy(&line);
    line.strip_suffix('\r').unwrap_or(&line).to_owned()
}

/// The keys of the terminal of stdin as long as a question is open: what would kill this program ends the
/// line instead, so that nothing is left half done. All editing stays the terminal's own.
#[cfg(unix)]
struct Keys {
    before: nix::sys::termios::Termios,
    interrupts: Vec<u8>,
}

#[cfg(unix)]
impl Keys {
    fn make() -> io::Result<Self> {
        use nix::sys::termios::SpecialCharacterIndices::{VEOL, VEOL2, VINTR, VQUIT};
        use nix::sys::termios::{_POSIX_VDISABLE, SetArg, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let (mut asking, mut interrupts) = (before.clone(), Vec::new());
        for (kills, ends) in [(VINTR, VEOL), (VQUIT, VEOL2)] {
            let key = before.control_chars.get(kills as usize).copied().unwrap_or(_POSIX_VDISABLE);
            if key == _POSIX_VDISABLE {
                continue;
            }
            interrupts.push(key);
            for (place, value) in [(kills, _POSIX_VDISABLE), (ends, key)] {
                if let Some(place) = asking.control_chars.get_mut(place as usize) {
                    *place = value;
                }
            }
        }
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &asking)?;
        Ok(Self { before, interrupts })
    }

    fn interrupts(&self) -> &[u8] {
        &self.interrupts
    }
}

#[cfg(unix)]
impl Drop for Keys {
    fn drop(&mut self) {
        use nix::sys::termios::{SetArg, tcsetattr};
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.before);
    }
}

#[cfg(not(unix))]
struct Keys;

#[cfg(not(unix))]
impl Keys {
    fn make() -> io::Result<Self> {
        Ok(Self)
    }

    fn interrupts(&self) -> &[u8] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_enter_and_is_given_up_with_a_key() {
        let of = |keys: &str| line(keys.as_bytes(), &[3]).unwrap();
        assert_eq!(of("yes\nmore\n"), Typed::Line("yes".to_owned()));
        assert_eq!(of("é\r\n"), Typed::Line("é".to_owned()));
        assert_eq!(of("\n"), Typed::Line(String::new()));
        assert_eq!(of("half"), Typed::Line("half".to_owned()));
        assert_eq!(of("ha\u{3}lf\n"), Typed::Interrupted);
        assert_eq!(of(""), Typed::Ended);
        let mut two = "one\ntwo\n".as_bytes();
        assert_eq!(line(&mut two, &[]).unwrap(), Typed::Line("one".to_owned()));
        assert_eq!(line(&mut two, &[]).unwrap(), Typed::Line("two".to_owned()));
    }
}
