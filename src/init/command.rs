//! Starting the command: a second process that becomes it.

use core::ffi::CStr;

use crate::frame::Frame;
use crate::signals::Signals;
use crate::system::{
    self, Errno, Kept, NO_ACCESS, NO_FOLDER, NOT_THERE, STDIN, Shared, Start, TOO_LONG_A_NAME, Table,
};

/// Why it does not run.
#[derive(Clone, Copy)]
pub enum Failure {
    NotExecuted(Errno),
    /// It was looked for in the folders of `PATH`.
    NotFound,
    NoFolder(Errno),
}

impl Failure {
    /// As shells say it.
    pub fn code(&self) -> i32 {
        match self {
            Self::NotExecuted(NOT_THERE) | Self::NotFound => 127,
            Self::NotExecuted(_) | Self::NoFolder(_) => 126,
        }
    }

    /// What the kernel says of it.
    pub fn errno(&self) -> Errno {
        match *self {
            Self::NotExecuted(errno) | Self::NoFolder(errno) => errno,
            Self::NotFound => NOT_THERE,
        }
    }

    /// As a number that is not 0, through memory that two processes share.
    fn as_number(self) -> i32 {
        match self {
            Self::NotExecuted(Errno(number)) => number,
            Self::NotFound => -1,
            Self::NoFolder(Errno(number)) => number.wrapping_neg().wrapping_sub(1),
        }
    }

    fn of_number(number: i32) -> Self {
        match number {
            -1 => Self::NotFound,
            number if number < 0 => Self::NoFolder(Errno(number.wrapping_add(1).wrapping_neg())),
            number => Self::NotExecuted(Errno(number)),
        }
    }
}

/// Gives back the process that is the command when it is executed.
pub fn start(
    frame: &Frame<'_>,
    input: Option<&Kept>,
    start: Start,
    signals: &Signals,
) -> Result<i32, Failure> {
    let words = table(frame.words()).map_err(Failure::NotExecuted)?;
    let variables = table(variables(frame, start)).map_err(Failure::NotExecuted)?;
    let failure = Shared::new().map_err(Failure::NotExecuted)?;
    match system::fork().map_err(Failure::NotExecuted)? {
        Some(id) if failure.get() == 0 => Ok(id),
        Some(_) => Err(Failure::of_number(failure.get())),
        None => {
            failure.set(become_it(frame, input, start, signals, &words, &variables).as_number());
            system::exit(crate::BROKEN)
        }
    }
}

fn table<'t>(texts: impl Iterator<Item = &'t CStr> + Clone) -> Result<Table, Errno> {
    let mut table = Table::new(texts.clone().count())?;
    texts.for_each(|text| table.push(text));
    Ok(table)
}

/// What the engine has set, under what the frame says.
fn variables<'f>(frame: &'f Frame<'_>, start: Start) -> impl Iterator<Item = &'f CStr> + Clone {
    let is_set_anew = |text: &CStr| frame.variables().any(|other| name(other) == name(text));
    let own = start.variables().map(|text| -> &'f CStr { text });
    own.filter(move |text| !is_set_anew(text)).chain(frame.variables())
}

fn name(variable: &CStr) -> &[u8] {
    variable.to_bytes().split(|byte| *byte == b'=').next().unwrap_or_default()
}

fn value<'v>(variable: &'v CStr, wanted: &[u8]) -> Option<&'v [u8]> {
    variable.to_bytes().strip_prefix(wanted)?.strip_prefix(b"=")
}

/// Only in the second process. Comes back if it cannot be.
fn become_it(
    frame: &Frame<'_>,
    input: Option<&Kept>,
    start: Start,
    signals: &Signals,
    words: &Table,
    variables: &Table,
) -> Failure {
    system::lead_session();
    if let Some(folder) = frame.folder
        && let Err(errno) = system::enter(folder)
    {
        return Failure::NoFolder(errno);
    }
    let taken = match (frame.has_input, input) {
        (true, None) => Ok(()),
        (true, Some(kept)) => system::put(kept.descriptor(), STDIN),
        (false, _) => system::open(c"/dev/null").and_then(|null| system::put(null, STDIN)),
    };
    if let Err(errno) = taken {
        return Failure::NotExecuted(errno);
    }
    signals.give_back();
    let Some(program) = frame.words().next() else { return Failure::NotFound };
    let path = self::variables(frame, start).find_map(|variable| value(variable, b"PATH"));
    execute(program, path, words, variables)
}

/// Becomes the program of these words, with the variables that the engine has set.
pub fn become_words(
    program: &CStr,
    words: impl Iterator<Item = &'static CStr> + Clone,
    start: Start,
) -> Failure {
    let (words, variables) = match (table(words), table(start.variables())) {
        (Ok(words), Ok(variables)) => (words, variables),
        (Err(errno), _) | (_, Err(errno)) => return Failure::NotExecuted(errno),
    };
    let path = start.variables().find_map(|variable| value(variable, b"PATH"));
    execute(program, path, &words, &variables)
}

fn execute(program: &CStr, path: Option<&[u8]>, words: &Table, variables: &Table) -> Failure {
    if program.to_bytes().contains(&b'/') {
        return Failure::NotExecuted(system::execute(program, words, variables));
    }
    search(program.to_bytes(), path.unwrap_or_default(), words, variables)
}

/// The first of these folders that has it. One that cannot be executed is passed over.
fn search(program: &[u8], path: &[u8], words: &Table, variables: &Table) -> Failure {
    for folder in path.split(|byte| *byte == b':') {
        let mut whole = [0; 4096];
        let folder = if folder.is_empty() { &b"."[..] } else { folder };
        let Some(candidate) = joined(&mut whole, folder, program) else { continue };
        match system::execute(candidate, words, variables) {
            NOT_THERE | NO_ACCESS | NO_FOLDER | TOO_LONG_A_NAME => {}
            errno => return Failure::NotExecuted(errno),
        }
    }
    Failure::NotFound
}

fn joined<'w>(whole: &'w mut [u8], folder: &[u8], name: &[u8]) -> Option<&'w CStr> {
    let (before, rest) = whole.split_at_mut_checked(folder.len())?;
    before.copy_from_slice(folder);
    let (gap, rest) = rest.split_first_mut()?;
    *gap = b'/';
    let (place, rest) = rest.split_at_mut_checked(name.len())?;
    place.copy_from_slice(name);
    *rest.first_mut()? = 0;
    CStr::from_bytes_until_nul(whole).ok()
}
