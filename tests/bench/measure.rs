//! Rounds of A B C A B C: the servers take turns, so that a noisy machine is noisy for all of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::driver::Server;
use crate::failure::Failure;
use crate::menu::Menu;
use crate::options::Options;
use crate::subject::{MenuFiles, Subject};
use crate::{actors, process};

/// What every row needs: the options and a folder for the files that are served.
pub struct Bench {
    pub options: Options,
    folder: tempfile::TempDir,
}

/// One value a round for each server; nothing where it could not be had.
#[derive(Debug, Default, Clone)]
pub struct Samples(BTreeMap<Subject, Vec<Option<f64>>>);

impl Bench {
    pub fn new(options: Options) -> Result<Self, Failure> {
        Ok(Self { options, folder: tempfile::tempdir()? })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, menu: &Menu, stem: &str) -> Result<MenuFiles, Failure> {
        menu.write(self.folder.path(), stem)
    }

    pub fn start(&self, subject: Subject, menu: &MenuFiles) -> Result<Server, Failure> {
        Server::start(self, subject, menu)
    }

    /// Where the server's stderr goes: a file, so that no terminal slows it down.
    pub fn log(&self, subject: Subject) -> Result<Stdio, Failure> {
        let path = self.folder.path().join(format!("{}.log", subject.name()));
        Ok(File::options().create(true).append(true).open(path)?.into())
    }

    /// The rounds of a row: enough for a median that one bad round cannot move.
    pub fn rounds(&self) -> usize {
        self.options.pick(3, 7)
    }

    /// Measures every server once a round, each round beginning with another one.
    pub fn interleave<const N: usize>(
        &self,
        rounds: usize,
        mut block: impl FnMut(Subject) -> Result<[f64; N], Failure>,
    ) -> [Samples; N] {
        let subjects = &self.options.subjects;
        let mut samples: [Samples; N] = std::array::from_fn(|_| Samples::default());
        for round in 0..rounds {
            for turn in 0..subjects.len() {
                let Some(&subject) = subjects.get((round + turn) % subjects.len()) else { continue };
                let values = block(subject)
                    .inspect_err(|failure| eprintln!("  {}: {failure}", subject.name()))
                    .map_or([None; N], |values| values.map(Some));
                for (samples, value) in samples.iter_mut().zip(values) {
                    samples.0.entry(subject).or_default().push(value);
                }
            }
        }
        samples
    }
}

impl Samples {
    pub fn median_of(&self, subject: Subject) -> Option<f64> {
        let values = self.0.get(&subject)?;
        median(values.iter().copied().collect::<Option<Vec<f64>>>()?)
    }

    /// These values by those of the same rounds of others.
    pub fn over(&self, others: &Self) -> Self {
        let ratio = |(of, to): (&Option<f64>, &Option<f64>)| Some(of.as_ref()? / to.as_ref()?);
        let ratios = |(subject, values): (&Subject, &Vec<Option<f64>>)| {
            let others = others.0.get(subject)?;
            Some((*subject, values.iter().zip(others).map(ratio).collect()))
        };
        Self(self.0.iter().filter_map(ratios).collect())
    }

    /// The median of the rounds' ratios: what two servers share in a round, such as noise, cancels out.
    pub fn ratio(&self, of: Subject, to: Subject) -> Option<f64> {
        let pairs = self.0.get(&of)?.iter().zip(self.0.get(&to)?);
        median(pairs.map(|(of, to)| Some(of.as_ref()? / to.as_ref()?)).collect::<Option<Vec<f64>>>()?)
    }
}

pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The value below which so many hundredths of them lie.
pub fn percentile(durations: &[Duration], hundredths: usize) -> f64 {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * hundredths / 100).min(last)).map_or(f64::NAN, Duration::as_secs_f64)
}

/// Two processes that eat a core each, until they are dropped.
pub struct Hogs(Vec<std::process::Child>);

impl Hogs {
    pub fn start() -> Result<Self, Failure> {
        let start = |_| Command::new(std::env::current_exe()?).args([actors::WORD, "hog"]).spawn();
        Ok(Self((0..2).map(start).collect::<Result<_, _>>()?))
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        for hog in &mut self.0 {
            let _ = hog.kill();
            let _ = hog.wait();
        }
    }
}

/// Waits until something holds, looking often; says how long that took, nothing if it took too long.
pub fn until(
    longest: Duration,
    mut holds: impl FnMut() -> Result<bool, Failure>,
) -> Result<Option<Duration>, Failure> {
    let started = std::time::Instant::now();
    while started.elapsed() < longest {
        if holds()? {
            return Ok(Some(started.elapsed()));
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(None)
}

/// Waits until a server has nothing to do and its memory has settled.
pub fn settle(server: &Server) {
    settle_process(server.pid());
}

pub fn settle_process(server: i32) {
    let mut before = process::OwnTime::of(server);
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(10));
        let now = process::OwnTime::of(server);
        if now.since(&before) < Duration::from_micros(200) {
            return;
        }
        before = now;
    }
}
