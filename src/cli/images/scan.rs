//! `mcpfier images scan`: known vulnerabilities, by a scanner of this host. The image is handed over
//! as a file, so that the scanner needs no way to the engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::exit::Exit;
use crate::cli::print::Printer;
use crate::cli::serve::runtime;
use crate::cli::session;
use crate::runner::container::{Images, scanner};

use super::Wanted;

/// What a scanner of this host found.
enum Verdict {
    Clean(String),
    Blocked(String),
}

/// How trivy ends when it has found something; its own failures end with 1.
const FOUND: i32 = 9;
/// How grype ends when it has found something; before it had a code for that, it only said so.
const GRYPE_FOUND: i32 = 2;
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

pub fn run(chosen: &[&Wanted], block_on: &str, printer: &Printer) -> Exit {
    let mut exit = Exit::OK;
    if chosen.is_empty() {
        printer.talk("no command of the file runs in a container\n");
    }
    for one in chosen {
        match scanned(one, block_on) {
            Ok(Verdict::Clean(report)) => {
                printer.data(&report);
                printer.data(&format!("{}: nothing that is {block_on} or worse\n", one.image));
            }
            Ok(Verdict::Blocked(report)) => {
                printer.data(&report);
                printer.error(&format!("{}: there is something that is {block_on} or worse", one.image));
                exit = Exit::FAILURE;
            }
            Err(problem) => {
                printer.error(&format!("{}: {problem}", one.image));
                return Exit::NOT_STARTED;
            }
        }
    }
    exit
}

fn scanned(one: &Wanted, block_on: &str) -> Result<Verdict, String> {
    let folder = Scratch::new()?;
    let archive = folder.0.join("image.tar");
    let environment = Arc::new(session::host().environment);
    let runtime = runtime().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        // A scanner that is not there is told before much is written.
        let Some(scanner_of_host) = installed(&environment).await? else {
            return Err(
                "there is neither `trivy` nor `grype` on this host to look through it; install one of them"
                    .to_owned(),
            );
        };
        let (images, executor) = (Images::new(Arc::clone(&environment)), one.executor.as_ref());
        if images.look(executor, &one.image).await.map_err(|failure| failure.to_string())?.is_none() {
            return Err(
                "the engine does not have it; `mcpfier images pull` or `build` sees to that".to_owned()
            );
        }
        images.save(executor, &one.image, &archive).await.map_err(|failure| failure.to_string())?;
        let words = scanner_of_host.words(&archive, block_on);
        let ended = scanner(&environment, &words).await?.ok_or("the scanner is gone")?;
        let report = String::from_utf8_lossy(&ended.stdout).into_owned();
        match ended.status.code() {
            Some(0) => Ok(Verdict::Clean(report)),
            Some(code) if scanner_of_host.has_found(code, &ended.stderr) => Ok(Verdict::Blocked(report)),
            _ => {
                let said = String::from_utf8_lossy(&ended.stderr).into_owned();
                let last =
                    said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
                Err(format!("`{}` failed: {last}", words.join(" ")))
            }
        }
    })
}

#[derive(Clone, Copy)]
enum Scanner {
    Trivy,
    Grype,
}

async fn installed(environment: &crate::plan::Environment) -> Result<Option<Scanner>, String> {
    for (name, kind) in [("trivy", Scanner::Trivy), ("grype", Scanner::Grype)] {
        let words = [name, "--version"].map(str::to_owned);
        if scanner(environment, &words).await?.is_some() {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

impl Scanner {
    fn words(self, archive: &Path, block_on: &str) -> Vec<String> {
        let archive = archive.display();
        let worse: Vec<String> = SEVERITIES
            .into_iter()
            .skip_while(|severity| *severity != block_on)
            .map(str::to_uppercase)
            .collect();
        let words: Vec<String> = match self {
            Self::Trivy => vec![
                "trivy".to_owned(),
                "image".to_owned(),
                "--quiet".to_owned(),
                "--scanners".to_owned(),
                "vuln".to_owned(),
                "--severity".to_owned(),
                worse.join(","),
                "--exit-code".to_owned(),
                FOUND.to_string(),
                "--input".to_owned(),
                archive.to_string(),
            ],
            Self::Grype => vec![
                "grype".to_owned(),
                "--quiet".to_owned(),
                "--fail-on".to_owned(),
                block_on.to_owned(),
                format!("docker-archive:{archive}"),
            ],
        };
        words
    }

    /// Whether this end says that there is something, and not that the scanner has failed.
    fn has_found(self, code: i32, said: &[u8]) -> bool {
        match self {
            Self::Trivy => code == FOUND,
            Self::Grype => {
                code == GRYPE_FOUND || String::from_utf8_lossy(said).contains("severity threshold")
            }
        }
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
fn make(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
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
