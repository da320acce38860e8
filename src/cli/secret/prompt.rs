//! Asks for a line at a terminal that does not show it.

use std::io;

/// What was typed up to Enter.
#[cfg(unix)]
pub fn ask(question: &str) -> io::Result<Vec<u8>> {
    use std::io::{Read, Write};
    let mut stderr = io::stderr();
    stderr.write_all(question.as_bytes())?;
    stderr.flush()?;
    let silent = Silent::make()?;
    let typed = typed(io::stdin().lock().bytes());
    drop(silent);
    stderr.write_all(b"\n")?;
    typed
}

#[cfg(not(unix))]
pub fn ask(_question: &str) -> io::Result<Vec<u8>> {
    Err(io::Error::other("give the value by `--from-file FILE` or through a pipe"))
}

/// The terminal of stdin without echo, as long as this lives. Its keys are read one by one, so that
/// an interrupt comes as a key and cannot leave it like that.
#[cfg(unix)]
struct Silent(nix::sys::termios::Termios);

#[cfg(unix)]
impl Silent {
    fn make() -> io::Result<Self> {
        use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &silent)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Silent {
    fn drop(&mut self) {
        use nix::sys::termios::{SetArg, tcsetattr};
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}

/// A line out of single keys: Backspace takes one back, Ctrl-U all of them, Ctrl-C gives up.
#[cfg(unix)]
fn typed(keys: impl Iterator<Item = io::Result<u8>>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    for key in keys {
        match key? {
            b'\r' | b'\n' => return Ok(line),
            0x03 => return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted")),
            0x04 if line.is_empty() => break,
            0x15 => line.clear(),
            0x08 | 0x7f => take_one_back(&mut line),
            byte => line.push(byte),
        }
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, "nothing was typed"))
}

/// A character may be several bytes.
#[cfg(unix)]
fn take_one_back(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn line(keys: &str) -> Result<String, String> {
        let typed = typed(keys.bytes().map(Ok)).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(typed).unwrap())
    }

    #[test]
    fn keys_make_a_line_or_give_it_up() {
        for (keys, expected) in [
            ("secret\n", Ok("secret")),
            ("secret\rmore", Ok("secret")),
            ("sü\u{7f}\u{7f}x\n", Ok("x")),
            ("wrong\u{15}right\n", Ok("right")),
            ("sec\u{3}", Err("interrupted")),
            ("\u{4}", Err("nothing was typed")),
            ("", Err("nothing was typed")),
        ] {
            assert_eq!(line(keys), expected.map(str::to_owned).map_err(str::to_owned), "{keys:?}");
        }
    }
}
