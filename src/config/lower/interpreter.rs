//! Programs that run text as code: which they are, and which of their options say so.

/// A program that takes code on its command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Interpreter {
    names: &'static [&'static str],
    /// The option that `run` uses.
    pub flag: &'static str,
    /// Long options whose value is code.
    long: &'static [&'static str],
    /// Letters whose value is code, wherever they end a cluster such as `-lc`.
    letters: &'static [char],
}

const KNOWN: [Interpreter; 8] = [
    Interpreter {
        names: &["sh", "bash", "dash", "zsh", "ksh", "fish", "ash"],
        flag: "-c",
        long: &["--command"],
        letters: &['c'],
    },
    Interpreter { names: &["python", "python3", "pypy", "pypy3"], flag: "-c", long: &[], letters: &['c'] },
    Interpreter {
        names: &["node", "nodejs", "bun"],
        flag: "-e",
        long: &["--eval", "--print"],
        letters: &['e', 'p'],
    },
    Interpreter { names: &["ruby"], flag: "-e", long: &[], letters: &['e'] },
    Interpreter { names: &["perl"], flag: "-e", long: &[], letters: &['e', 'E'] },
    Interpreter { names: &["php"], flag: "-r", long: &["--run"], letters: &['r'] },
    Interpreter { names: &["lua", "Rscript", "osascript"], flag: "-e", long: &[], letters: &['e'] },
    Interpreter {
        names: &["pwsh", "powershell"],
        flag: "-Command",
        long: &["-Command", "-command", "-EncodedCommand"],
        letters: &['c'],
    },
];

/// What `shell` may name, for messages.
pub const SHELLS: &str = "sh, bash, dash, zsh, ksh, fish, python, python3, node, ruby, perl or pwsh";

impl Interpreter {
    /// The interpreter that an executable is, by its name or path.
    pub fn of(written: &str) -> Option<&'static Self> {
        let name = written.rsplit(['/', '\\']).next().unwrap_or(written);
        let name = name.strip_suffix(".exe").unwrap_or(name);
        // `python3.12` is `python3`.
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        KNOWN.iter().find(|known| known.names.contains(&name) || known.names.contains(&stem))
    }

    /// Whether the word after this one is code.
    pub fn takes_code(&self, word: &str) -> bool {
        if self.long.contains(&word) {
            return true;
        }
        let Some(cluster) = word.strip_prefix('-') else { return false };
        !cluster.starts_with('-') && cluster.len() <= 6 && cluster.ends_with(self.letters)
    }

    /// Whether code begins inside of a word that begins like this: `-e…`, `--eval=…`.
    pub fn begins_code(&self, beginning: &str) -> bool {
        match beginning.strip_suffix('=') {
            Some(option) => self.long.contains(&option),
            None => beginning.starts_with('-') && self.takes_code(beginning),
        }
    }

    /// Whether an option of a shell takes a value that is no code.
    pub fn takes_value(word: &str) -> bool {
        matches!(word, "-o" | "+o" | "-O" | "+O" | "-W" | "-X" | "-I" | "-r" | "--require")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters_are_known_by_name_and_path() {
        for written in ["sh", "/bin/bash", "python3.12", "C:\\x\\pwsh.exe"] {
            assert!(Interpreter::of(written).is_some(), "{written}");
        }
        for written in ["shellcheck", "rg", "", "bashful"] {
            assert!(Interpreter::of(written).is_none(), "{written}");
        }
    }

    #[test]
    fn options_that_take_code_are_known_alone_and_in_clusters() {
        let shell = Interpreter::of("bash").unwrap();
        assert!(shell.takes_code("-c") && shell.takes_code("-lc") && !shell.takes_code("-l"));
        assert!(!shell.takes_code("--norc"));
        let node = Interpreter::of("node").unwrap();
        assert!(node.takes_code("--eval") && node.begins_code("--eval=") && node.begins_code("-e"));
    }
}
