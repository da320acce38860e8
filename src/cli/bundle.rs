//! `bundle`: our binary and the file in one `.mcpb`, which desktop clients install.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::clients::{self, Bundle};
use crate::config::{self, Wanted};
use crate::model::Dialect;

use super::arguments::{Arguments, BundleWords};
use super::exit::Exit;
use super::place;
use super::print::Printer;
use super::session::{self, Session};
use super::setup;

pub fn run(arguments: &Arguments, words: &BundleWords, printer: &Printer) -> Exit {
    let session = match Session::open(arguments, printer) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let name = setup::usable(&session.catalog.server.name);
    let bundle =
        Bundle { name: &name, version: &words.release, author: &words.author, platform: place::platform() };
    let output = words.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.mcpb")));
    let manifest = bundle.manifest(&session.catalog);
    if arguments.dry_run {
        printer.json_data(&manifest);
        return Exit::OK;
    }
    match config(&session).and_then(|config| write(&output, &bundle, &manifest, &config)) {
        Ok(()) => {
            said(&session, &output, printer);
            Exit::OK
        }
        Err(error) => {
            printer.error(&format!("cannot write {}: {error}", output.display()));
            Exit::FAILURE
        }
    }
}

fn said(session: &Session, output: &Path, printer: &Printer) {
    let count = session.catalog.offered().count();
    let noun = if count == 1 { "tool" } else { "tools" };
    printer.data(&format!("{}: {count} {noun}, for {}\n", output.display(), std::env::consts::OS));
    printer.talk(
        "note: programs, folders and secrets that the file names are not in the bundle; \
         relative paths will be relative to where a client unpacks it\n",
    );
    if session.dialect == Dialect::Original {
        printer.talk("note: a file of the original takes relative paths from the client's folder\n");
    }
}

/// The one file that goes into the bundle: as it is, or put together of all that belongs to it.
fn config(session: &Session) -> io::Result<Vec<u8>> {
    let is_toml = session.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    if session.evidence.is_single() && !is_toml {
        return fs::read(&session.path);
    }
    let wanted = Wanted { unmasked: true, ..Wanted::default() };
    let (_, effective) = config::effective(&session.path, &session::host(), &session.choice, wanted);
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
    let written = fill(file, bundle, manifest, config).and_then(|()| fs::rename(&part, output));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

fn fill(file: File, bundle: &Bundle<'_>, manifest: &Value, config: &[u8]) -> io::Result<()> {
    // No time of its own: the same parts make the same bytes.
    let plain =
        SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).unix_permissions(0o644);
    let mut archive = ZipWriter::new(file);
    archive.start_file("manifest.json", plain)?;
    archive.write_all(format!("{manifest:#}\n").as_bytes())?;
    archive.start_file(clients::CONFIG, plain)?;
    archive.write_all(config)?;
    archive.start_file(bundle.binary(), plain.unix_permissions(0o755))?;
    io::copy(&mut File::open(std::env::current_exe()?)?, &mut archive)?;
    archive.finish()?.sync_all()
}
