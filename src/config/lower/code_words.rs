//! Programs that take a word of their command line for code: ssh, awk, sed, and shells of databases.
//!
//! Interpreters, whose options announce code, are in `interpreter`.

use crate::config::diagnostic::Severity;

/// Where a program takes code.
#[derive(Debug)]
struct Known {
    names: &'static [&'static str],
    /// The operand that is code, counted from 0, and whether all behind it are.
    operand: Option<(usize, Behind)>,
    /// Options whose value is code. With one of them no operand is.
    code: &'static [&'static str],
    /// Options whose value is a file with the code. With one of them no operand is.
    file: &'static [&'static str],
    /// Other options whose value is the next word.
    valued: &'static [&'static str],
    harm: Harm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Code,
    Data,
}

/// What somebody can do who writes the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// Commands of a shell, on the other host.
    RemoteShell,
    /// Whatever the program can, which includes starting others.
    Program,
    /// What the database allows; often just that is wanted.
    Query,
}

impl Harm {
    pub fn severity(self) -> Severity {
        match self {
            Self::RemoteShell | Self::Program => Severity::Error,
            Self::Query => Severity::Warning,
        }
    }
}

const NONE: &[&str] = &[];

static KNOWN: [Known; 7] = [
    Known {
        names: &["ssh"],
        operand: Some((1, Behind::Code)),
        code: NONE,
        file: NONE,
        valued: &[
            "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-P",
            "-p", "-Q", "-R", "-S", "-W", "-w",
        ],
        harm: Harm::RemoteShell,
    },
    Known {
        names: &["awk", "gawk", "mawk", "nawk"],
        operand: Some((0, Behind::Data)),
        code: &["-e", "--source"],
        file: &["-f", "--file", "-E", "--exec"],
        valued: &["-F", "--field-separator", "-v", "--assign", "-i", "--include", "-l", "--load"],
        harm: Harm::Program,
    },
    Known {
        names: &["sed", "gsed"],
        operand: Some((0, Behind::Data)),
        code: &["-e", "--expression"],
        file: &["-f", "--file"],
        valued: &["-l", "--line-length"],
        harm: Harm::Program,
    },
    Known {
        names: &["su", "runuser"],
        operand: None,
        code: &["-c", "--command", "--session-command"],
        file: NONE,
        valued: &["-g", "--group", "-G", "--supp-group", "-s", "--shell", "-w", "--whitelist-environment"],
        harm: Harm::Program,
    },
    Known {
        names: &["psql"],
        operand: None,
        code: &["-c", "--command"],
        file: NONE,
        valued: NONE,
        harm: Harm::Query,
    },
    Known {
        names: &["mysql", "mariadb"],
        operand: None,
        code: &["-e", "--execute"],
        file: NONE,
        valued: NONE,
        harm: Harm::Query,
    },
    Known {
        names: &["sqlite3"],
        operand: Some((1, Behind::Code)),
        code: &["-cmd", "--cmd"],
        file: NONE,
        valued: &[
            "-init",
            "-separator",
            "-nullvalue",
            "-newline",
            "-vfs",
            "-mmap",
            "-maxsize",
            "-lookaside",
            "-pagecache",
        ],
        harm: Harm::Query,
    },
];

/// Programs that start the one that is named behind them.
const STARTERS: [&str; 6] = ["env", "sudo", "doas", "nohup", "nice", "setsid"];

/// Where in the words of such a program we are.
#[derive(Debug, Clone)]
pub struct CodeWords {
    program: Option<&'static Known>,
    /// The program may still come.
    is_starter: bool,
    next: Next,
    /// How many operands have been met.
    operands: usize,
    /// An option has said where the code is.
    is_settled: bool,
    options_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Word,
    Code,
    Value,
}

impl CodeWords {
    pub fn of(script: &str) -> Self {
        let name = name(script);
        Self {
            program: known(name),
            is_starter: STARTERS.contains(&name),
            next: Next::Word,
            operands: 0,
            is_settled: false,
            options_ended: false,
        }
    }

    /// Takes a word that stands in the file.
    pub fn literal(&mut self, word: &str) {
        let Some(program) = self.program else {
            if self.is_starter && !word.starts_with('-') && !word.contains('=') {
                *self = Self { is_starter: STARTERS.contains(&name(word)), ..Self::of(word) };
            }
            return;
        };
        if std::mem::replace(&mut self.next, Next::Word) != Next::Word {
            return;
        }
        if self.options_ended || self.is_behind_code() || word == "-" || !word.starts_with('-') {
            self.operands += 1;
        } else if word == "--" {
            self.options_ended = true;
        } else if program.code.contains(&word) {
            (self.next, self.is_settled) = (Next::Code, true);
        } else if program.file.contains(&word) {
            (self.next, self.is_settled) = (Next::Value, true);
        } else if program.valued.contains(&word) {
            self.next = Next::Value;
        } else if program.code.iter().chain(program.file).any(|option| holds_value(word, option)) {
            self.is_settled = true;
        }
    }

    /// Takes a word with values of a caller, and says whether they are code there. `beginning` is
    /// what stands before the first of them.
    pub fn template(&mut self, beginning: &str) -> Option<Harm> {
        let program = self.program?;
        let is_code = match std::mem::replace(&mut self.next, Next::Word) {
            Next::Code => true,
            Next::Value => false,
            Next::Word if beginning.starts_with('-') && !self.options_ended && !self.is_behind_code() => {
                program.code.iter().any(|option| holds_value(beginning, option))
            }
            Next::Word => {
                let at = self.operands;
                self.operands += 1;
                !self.is_settled
                    && program
                        .operand
                        .is_some_and(|(first, behind)| at == first || (at > first && behind == Behind::Code))
            }
        };
        is_code.then_some(program.harm)
    }

    /// Options that stand behind the first word of code belong to it.
    fn is_behind_code(&self) -> bool {
        let operand = self.program.and_then(|program| program.operand);
        matches!(operand, Some((first, Behind::Code)) if self.operands >= first && self.harm() == Some(Harm::RemoteShell))
    }

    fn harm(&self) -> Option<Harm> {
        self.program.map(|program| program.harm)
    }
}

/// `-eCODE` and `--expression=CODE`.
fn holds_value(word: &str, option: &str) -> bool {
    match word.strip_prefix(option) {
        Some(rest) if option.starts_with("--") => rest.starts_with('='),
        Some(_) => option.len() == 2,
        None => false,
    }
}

fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.names.contains(&name))
}

fn name(written: &str) -> &str {
    let name = written.rsplit(['/', '\\']).next().unwrap_or(written);
    name.strip_suffix(".exe").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether any of the words that begin a template is code; `{` marks where its value begins.
    fn harm(line: &str) -> Option<Harm> {
        let mut words = line.split(' ');
        let mut code = CodeWords::of(words.next().unwrap());
        words.fold(None, |found, word| match word.split_once('{') {
            Some((beginning, _)) => found.or(code.template(beginning)),
            None => {
                code.literal(word);
                found
            }
        })
    }

    #[test]
    fn a_value_is_code_where_the_program_takes_it_for_code() {
        for line in [
            "ssh web {x}",
            "ssh -p 22 web systemctl restart {x}",
            "ssh -p 22 web systemctl -q {x}",
            "/usr/bin/ssh {host} {x}",
            "sudo ssh web {x}",
            "ssh -- web {x}",
        ] {
            assert_eq!(harm(line), Some(Harm::RemoteShell), "{line}");
        }
        for line in [
            "awk {x} file",
            "awk -F , {x}",
            "gawk -v a=b /{x}/",
            "gawk --source={x}",
            "sed -n s/a/{x}/",
            "sed -e {x}",
            "sed -e{x}",
            "env LC_ALL=C sed -i.bak {x} f",
            "su - me -c {x}",
        ] {
            assert_eq!(harm(line), Some(Harm::Program), "{line}");
        }
        for line in ["psql -c {x}", "psql --command={x}", "sqlite3 -json db {x}", "mysql shop -e {x}"] {
            assert_eq!(harm(line), Some(Harm::Query), "{line}");
        }
    }

    #[test]
    fn a_value_that_is_data_is_no_code() {
        for line in [
            "ssh {host} uptime",
            "ssh -p {port} web uptime",
            "awk -v x={x} {print}",
            "awk -f prog.awk {x}",
            "awk /a/ {file}",
            "sed s/a/b/ {file}",
            "sed -e s/a/b/ -- {file}",
            "sed --file=prog {file}",
            "psql -d {db}",
            "sqlite3 {db} .tables",
            "grep sed {x}",
            "rg -e {x}",
        ] {
            let data =
                if line.contains("{print}") { line.replace("{print}", "print") } else { line.to_owned() };
            assert_eq!(harm(&data), None, "{line}");
        }
    }
}
