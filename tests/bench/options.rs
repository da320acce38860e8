//! The benchmark's own command line.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::subject::Subject;

#[derive(Debug)]
pub struct Options {
    /// Few rounds of few calls: half a minute, for a look.
    pub quick: bool,
    /// Print the table as Markdown.
    pub markdown: bool,
    /// Only the rows with these numbers; all of them when empty.
    pub only: Vec<String>,
    /// Which servers are measured.
    pub subjects: Vec<Subject>,
    /// The mcpfier that is measured.
    pub server: PathBuf,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self {
            quick: false,
            markdown: false,
            only: Vec::new(),
            subjects: Subject::ALL.to_vec(),
            server: PathBuf::from(env!("CARGO_BIN_EXE_mcpfier")),
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            options.take(word, &mut words)?;
        }
        Ok(options)
    }

    fn take<'a>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'a String>) -> Result<(), Failure> {
        let mut value = || rest.next().ok_or_else(|| Failure::Usage(format!("{word} without a value")));
        match word {
            "--quick" => self.quick = true,
            "--markdown" => self.markdown = true,
            "--only" => self.only.extend(value()?.split(',').map(str::to_owned)),
            "--of" => self.subjects = value()?.split(',').map(subject).collect::<Result<_, _>>()?,
            "--server" => self.server = PathBuf::from(value()?),
            "--bench" => {} // cargo passes it to every benchmark
            other => return Err(Failure::Usage(other.to_owned())),
        }
        Ok(())
    }

    pub fn wants(&self, numbers: &[&str]) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| numbers.contains(&only.as_str()))
    }

    /// One number for a quick look, another for the full run.
    pub fn pick(&self, quick: usize, full: usize) -> usize {
        if self.quick { quick } else { full }
    }
}

fn subject(name: &str) -> Result<Subject, Failure> {
    Subject::named(name).ok_or_else(|| Failure::Usage(name.to_owned()))
}
