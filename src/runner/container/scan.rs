//! Looking through an image with a scanner of this host: known vulnerabilities. The image is handed
//! over as a file, so that the scanner needs no way to the engine.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::asked::{Ended, asked};
use super::connection::Connection;
use super::failure::ContainerFailure;
use super::images::save;
use super::{Scanned, knowledge};
use crate::model::{Scan, Scanner};
use crate::plan::{Environment, TRIVY_FOUND, scan_words};

/// How grype ends when it has found something; before it had a code for that, it only said so.
const GRYPE_FOUND: i32 = 2;
/// A scanner may fetch what it knows of first.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// `None`: this host has no such scanner.
pub async fn scan(
    connection: &Connection,
    environment: &Environment,
    image: &str,
    scan: &Scan,
) -> Result<Option<Scanned>, ContainerFailure> {
    let bad = |problem: String| ContainerFailure::NotScanned { image: image.to_owned(), problem };
    // One that is not there is told before much is written.
    let Some(scanner) = installed(environment, scan).await.map_err(bad)? else { return Ok(None) };
    let folder = Scratch::new().map_err(bad)?;
    let archive = folder.0.join("image.tar");
    save(connection, image, &archive).await?;
    let words = scan_words(scanner, scan.block_on, &archive);
    let gone = || bad(format!("`{}` is gone", scanner.name()));
    let ended = run(environment, &words).await.map_err(bad)?.ok_or_else(gone)?;
    let is_blocked = match ended.status.code() {
        Some(0) => false,
        Some(code) if has_found(scanner, code, &ended.stderr) => true,
        _ => return Err(bad(failed(scanner, &words, &ended.stderr))),
    };
    let report = String::from_utf8_lossy(&ended.stdout).into_owned();
    let stale = knowledge::stale(environment, scanner).await;
    Ok(Some(Scanned { scanner, is_blocked, report, stale }))
}

async fn installed(environment: &Environment, scan: &Scan) -> Result<Option<Scanner>, String> {
    for scanner in scan.scanners() {
        let words = [scanner.name(), "--version"].map(str::to_owned);
        if run(environment, &words).await?.is_some() {
            return Ok(Some(*scanner));
        }
    }
    Ok(None)
}

/// Whether this end says that there is something, and not that the scanner has failed.
fn has_found(scanner: Scanner, code: i32, said: &[u8]) -> bool {
    match scanner {
        Scanner::Trivy => code == TRIVY_FOUND,
        Scanner::Grype => code == GRYPE_FOUND || String::from_utf8_lossy(said).contains("severity threshold"),
    }
}

/// With what it said last, and what there is to do where it knows nothing yet.
fn failed(scanner: Scanner, words: &[String], said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
    let told = said.to_lowercase();
    let knows_nothing = ["first run", "download db", "vulnerability db", "failed to load vulnerability"];
    let cure = match knows_nothing.iter().any(|words| told.contains(words)) {
        false => String::new(),
        true => match scanner {
            Scanner::Trivy => "; `trivy image --download-db-only` fetches what it needs to know".to_owned(),
            Scanner::Grype => "; `grype db update` fetches what it needs to know".to_owned(),
        },
    };
    format!("`{}` failed: {last}{cure}", words.join(" "))
}

/// Runs a scanner to its end; `None` if this host does not have it.
pub async fn run(environment: &Environment, words: &[String]) -> Result<Option<Output>, String> {
    let Some((program, rest)) = words.split_first() else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(rest).envs(environment);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match asked(command, None, PATIENCE).await {
        Ended::Done(output) => Ok(Some(output)),
        Ended::NotStarted(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Ended::NotStarted(error) => Err(format!("`{program}` cannot be run: {error}")),
        Ended::Silent => Err(format!("`{program}` does not end")),
    }
}

/// A folder that is gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, String> {
        let name = format!("mcpfier-scan-{}-{}", std::process::id(), uniform());
        let path = std::env::temp_dir().join(name);
        make(&path).map_err(|error| format!("cannot make `{}`: {error}", path.display()))?;
        Ok(Self(path))
    }
}

/// For nobody else: what is in an image may be private.
#[cfg(unix)]
fn make(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir(path)
}

/// Different at each moment.
fn uniform() -> u128 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map(|now| now.as_nanos()).unwrap_or_default()
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
