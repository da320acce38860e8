//! `bundle`: our binary and the file in one `.mcpb`, which desktop clients install, and what the MCP
//! registry is told about it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::clients::{self, BadEntry, Bundle, Entry};
use crate::config;
use crate::lock::sha256;
use crate::model::Dialect;

use super::arguments::{Arguments, BundleWords};
use super::exit::Exit;
use super::place;
use super::print::Printer;
use super::session::{self, Session};
use super::setup;

pub fn run(arguments: &Arguments, words: &BundleWords, printer: &Printer) -> Exit {
    let entry = match entry(words) {
        Ok(entry) => entry,
        Err(problem) => {
            printer.error(&problem.to_string());
            return Exit::USAGE;
        }
    };
    let session = match Session::open(arguments, printer) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let name = setup::usable(&session.catalog.server.name);
    let bundle =
        Bundle { name: &name, version: &words.release, author: &words.author, platform: place::platform() };
    let output = words.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.mcpb")));
    let manifest = bundle.manifest(&session.catalog);
    let wanted = Wanted { bundle, manifest, entry, output };
    let done = if arguments.dry_run { wanted.preview(&session) } else { wanted.make(&session, printer) };
    match done {
        Ok(document) => {
            document.iter().for_each(|document| printer.json_data(document));
            wanted
                .entry
                .iter()
                .flat_map(Entry::doubts)
                .for_each(|doubt| printer.talk(&format!("note: {doubt}\n")));
            Exit::OK
        }
        Err(error) => {
            printer.error(&format!("cannot write {}: {error}", wanted.output.display()));
            Exit::FAILURE
        }
    }
}

fn entry(words: &BundleWords) -> Result<Option<Entry<'_>>, BadEntry> {
    let named = words.server_json.as_deref().zip(words.url.as_deref());
    named.map(|(name, url)| Entry::new(name, &words.release, url)).transpose()
}

/// What one invocation is to make.
struct Wanted<'w> {
    bundle: Bundle<'w>,
    manifest: Value,
    entry: Option<Entry<'w>>,
    output: PathBuf,
}

impl Wanted<'_> {
    /// What would be printed: the manifest, or the entry, whose hash is that of the same bytes.
    fn preview(&self, session: &Session) -> io::Result<Option<Value>> {
        let Some(entry) = &self.entry else { return Ok(Some(self.manifest.clone())) };
        let mut archive = io::Cursor::new(Vec::new());
        fill(&mut archive, &self.bundle, &self.manifest, &config_of(session)?)?;
        Ok(Some(entry.document(&session.catalog, &sha256(archive.get_ref()))))
    }

    /// Writes the bundle; what is left to print is the entry.
    fn make(&self, session: &Session, printer: &Printer) -> io::Result<Option<Value>> {
        write(&self.output, &self.bundle, &self.manifest, &config_of(session)?)?;
        let Some(entry) = &self.entry else {
            said(session, &self.output, Printer::data, printer);
            return Ok(None);
        };
        // Stdout is the document.
        said(session, &self.output, Printer::talk, printer);
        Ok(Some(entry.document(&session.catalog, &sha256(&fs::read(&self.output)?))))
    }
}

fn said(session: &Session, output: &Path, say: fn(&Printer, &str), printer: &Printer) {
    let count = session.catalog.offered().count();
    let noun = if count == 1 { "tool" } else { "tools" };
    say(printer, &format!("{}: {count} {noun}, for {}\n", output.display(), std::env::consts::OS));
    printer.talk(
        "note: programs, folders and secrets that the file names are not in the bundle; \
         relative paths will be relative to where a client unpacks it\n",
    );
    if session.dialect == Dialect::Original {
        printer.talk("note: a file of the original takes relative paths from the client's folder\n");
    }
}

/// The one file that goes into the bundle: as it is, or put together of all that belongs to it.
fn config_of(session: &Session) -> io::Result<Vec<u8>> {
    let is_toml = session.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    if session.evidence.is_single() && !is_toml {
        return fs::read(&session.path);
    }
    let shown = config::Wanted { unmasked: true, ..config::Wanted::default() };
    let (_, effective) = config::effective(&session.path, &session::host(), &session.choice, shown);
    let effective = effective.ok_or_else(|| io::Error::other("the configuration changed meanwhile"))?;
    Ok(effective.yaml.into_bytes())
}

/// Writes the archive beside its name first, so that a half one is never there.
fn write(output: &Path, bundle: &Bundle<'_>, manifest: &Value, config: &[u8]) -> io::Result<()> {
    if output.symlink_metadata().is_ok() {
        return Err(io::Error::other("it is there already; move it or name another with `--output`"));
    }
    let mut part = output.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let file = OpenOptions::new().write(true).create_new(true).open(&part)?;
    let written = fill(file, bundle, manifest, config)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&part, output));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

fn fill<T: Write + Seek>(target: T, bundle: &Bundle<'_>, manifest: &Value, config: &[u8]) -> io::Result<T> {
    // No time of its own: the same parts make the same bytes.
    let plain =
        SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).unix_permissions(0o644);
    let mut archive = ZipWriter::new(target);
    archive.start_file("manifest.json", plain)?;
    archive.write_all(format!("{manifest:#}\n").as_bytes())?;
    archive.start_file(clients::CONFIG, plain)?;
    archive.write_all(config)?;
    archive.start_file(bundle.binary(), plain.unix_permissions(0o755))?;
    io::copy(&mut File::open(std::env::current_exe()?)?, &mut archive)?;
    Ok(archive.finish()?)
}
