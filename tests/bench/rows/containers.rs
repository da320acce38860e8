//! Rows 25, 26 and 27: calls in containers, made for the call and made ahead, beside Docker's own client.
//!
//! In the place of the floor stands `docker run --rm` of the very line that a dry-run prints, in the
//! place of the ideal `docker exec` into a container that runs already. The limit is a local call.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, Samples, median, percentile, until};
use crate::menu::Menu;
use crate::process::OwnTime;
use crate::subject::{MenuFiles, Subject};
use crate::table::{Figure, Reference, Unit, at_most};

const IMAGE: &str = "mcpfier-test/busybox:1";
const LOCAL: &str = "true";
const COLD: &str = "cold";
/// Far beyond what making them takes.
const LONG: Duration = Duration::from_secs(120);

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    if let Err(reason) = docker(&["image", "inspect", "--format", "{{.Id}}", IMAGE]) {
        eprintln!("skipped: containers (no engine with the image {IMAGE}: {reason})");
        return Ok(Vec::new());
    }
    let subject = Containers::start(bench)?;
    let mut figures = subject.one_by_one()?;
    figures.extend(subject.at_once()?);
    Ok(figures)
}

struct Containers<'b> {
    bench: &'b Bench,
    server: std::cell::RefCell<Server>,
    /// A line of a shell.
    docker_run: String,
    running: Running,
    warm: String,
    /// So many wait when nobody calls.
    waiting: usize,
}

impl<'b> Containers<'b> {
    fn start(bench: &'b Bench) -> Result<Self, Failure> {
        let (warm, waiting) = (format!("warm-{}", std::process::id()), bench.options.pick(8, 32));
        let limits = "    limits: { memory: 32MiB }\n";
        let cold = format!("    container: {{ image: \"{IMAGE}\", pull: never }}\n{limits}");
        let ahead =
            format!("    container: {{ image: \"{IMAGE}\", pull: never, warm: {waiting} }}\n{limits}");
        let menu = Menu::nothing()
            .server(&format!("warm: {{ stdio: true, max: {waiting} }}"))
            .with(COLD, "/bin/true", &[], &cold)
            .with(&warm, "/bin/true", &[], &ahead);
        let files = bench.write(&menu, "containers")?;
        let docker_run = pasted(bench, &files)?;
        let running = Running::start()?;
        let server = bench.start(Subject::Mcpfier, &files)?;
        let containers = Self { bench, server: server.into(), docker_run, running, warm, waiting };
        containers.until_full()?;
        Ok(containers)
    }

    /// Waits until as many wait as should.
    fn until_full(&self) -> Result<Duration, Failure> {
        let filter = format!("label=mcpfier.tool={}", self.warm);
        let is_full = || {
            let listed = docker(&["ps", "--quiet", "--filter", &filter, "--filter", "status=running"])?;
            Ok(listed.lines().count() == self.waiting)
        };
        let took = until(LONG, is_full)?.ok_or(Failure::Late(LONG.as_secs()))?;
        // The last one is a moment from being offered.
        std::thread::sleep(Duration::from_millis(30));
        Ok(took)
    }

    fn calls(&self, tool: &str, calls: usize) -> Result<f64, Failure> {
        let burst = self.server.borrow_mut().burst(tool, calls, 1)?;
        Ok(percentile(&burst.latencies, 50))
    }

    fn one_by_one(&self) -> Result<Vec<Figure>, Failure> {
        let calls = self.bench.options.pick(5, 15);
        let [cold] = self.bench.interleave(self.bench.rounds(), |subject| {
            Ok([match subject {
                Subject::Mcpfier => self.calls(COLD, calls)?,
                Subject::Floor => median_of(calls, || shell(&self.docker_run))?,
                Subject::Ideal => median_of(calls, || self.running.exec())?,
            }])
        });
        let mut local = Vec::new();
        let [warm, spaced] = self.bench.interleave(self.bench.rounds(), |subject| match subject {
            Subject::Mcpfier => {
                local.push(self.calls(LOCAL, 50)?);
                self.until_full()?;
                let warm = self.calls(&self.warm, 8)?;
                let mut spaced = Vec::new();
                for _ in 0..5 {
                    self.until_full()?;
                    std::thread::sleep(Duration::from_millis(100));
                    spaced.push(self.calls(&self.warm, 1)?);
                }
                Ok([warm, median(spaced).unwrap_or(f64::NAN)])
            }
            Subject::Floor => Ok([median_of(calls, || shell(&self.docker_run))?; 2]),
            Subject::Ideal => Ok([median_of(calls, || self.running.exec())?; 2]),
        });
        let local = median(local);
        Ok(vec![
            Figure::new("25", "cold call (`docker run --rm`, `docker exec`)", Unit::Milliseconds, cold)
                .gate(at_most(0.9, Reference::Floor)),
            Figure::new("26", "made ahead, 8 one after another", Unit::Milliseconds, warm)
                .gate(at_most(10e-3, Reference::Itself)),
            Figure::new("27", "made ahead, a single call", Unit::Milliseconds, spaced)
                .limit(local)
                .gate(at_most(10e-3, Reference::Itself))
                .stretch(at_most(3.0, Reference::Limit)),
        ])
    }

    fn at_once(&self) -> Result<Vec<Figure>, Failure> {
        let mut figures = Vec::new();
        let rounds = self.bench.options.pick(1, 3);
        for count in [8, 32] {
            let cold = |subject| {
                Ok([match subject {
                    Subject::Mcpfier => {
                        let mut server = self.server.borrow_mut();
                        server.burst(COLD, count, count)?.elapsed.as_secs_f64()
                    }
                    Subject::Floor => together(count, || shell(&self.docker_run))?,
                    Subject::Ideal => together(count, || self.running.exec())?,
                }])
            };
            let [cold] = self.bench.interleave(rounds, cold);
            figures.push(
                Figure::new("25", format!("{count} cold calls at once"), Unit::Milliseconds, cold)
                    .gate(at_most(0.9, Reference::Floor)),
            );
            if count <= self.waiting {
                figures.extend(self.ahead_at_once(count, rounds)?);
            }
        }
        Ok(figures)
    }

    /// As many as wait, and what it takes to have them again.
    fn ahead_at_once(&self, count: usize, rounds: usize) -> Result<Vec<Figure>, Failure> {
        let [warm, rate, own] = self.of_ours(rounds, || {
            self.until_full()?;
            let elapsed = {
                let mut server = self.server.borrow_mut();
                server.burst(&self.warm, count, count)?.elapsed.as_secs_f64()
            };
            let before = OwnTime::of(self.server.borrow().pid());
            // Those that were used are still listed for a moment.
            std::thread::sleep(Duration::from_millis(200));
            let refilled = self.until_full()? + Duration::from_millis(200);
            let used = OwnTime::of(self.server.borrow().pid()).since(&before);
            let count = count as f64;
            Ok([elapsed, count / refilled.as_secs_f64(), used.as_secs_f64() / count])
        });
        Ok(vec![
            Figure::new("26", format!("{count} at once, made ahead"), Unit::Milliseconds, warm),
            Figure::new("", format!("made again after {count}"), Unit::PerSecond, rate),
            Figure::new("", "own processor time for each", Unit::Microseconds, own),
        ])
    }

    /// For what nobody else has.
    fn of_ours<const N: usize>(
        &self,
        rounds: usize,
        mut block: impl FnMut() -> Result<[f64; N], Failure>,
    ) -> [Samples; N] {
        self.bench.interleave(rounds, |subject| match subject {
            Subject::Mcpfier => block(),
            _ => Ok([f64::NAN; N]),
        })
    }
}

/// The line that a dry-run prints for the cold call.
fn pasted(bench: &Bench, files: &MenuFiles) -> Result<String, Failure> {
    let mut command = Command::new(&bench.options.server);
    command.arg("--config").arg(&files.yaml).args(["--dry-run", COLD]);
    let output = command.output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = printed.lines().find_map(|line| line.trim_start().strip_prefix("command "));
    line.map(|line| line.trim().to_owned()).ok_or_else(|| Failure::unexpected("a `docker` line", &printed))
}

fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    command
}

fn median_of(count: usize, command: impl Fn() -> Command) -> Result<f64, Failure> {
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        let output = command().stdin(Stdio::null()).output()?;
        took.push(started.elapsed());
        succeeded(&output)?;
    }
    Ok(percentile(&took, 50))
}

fn together(count: usize, command: impl Fn() -> Command) -> Result<f64, Failure> {
    let started = Instant::now();
    let spawn = |_| command().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let children = (0..count).map(spawn).collect::<Result<Vec<Child>, _>>()?;
    for child in children {
        succeeded(&child.wait_with_output()?)?;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn succeeded(output: &std::process::Output) -> Result<(), Failure> {
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::unexpected("success", String::from_utf8_lossy(&output.stderr))),
    }
}

fn docker(words: &[&str]) -> Result<String, Failure> {
    let output = Command::new("docker").args(words).stdin(Stdio::null()).output()?;
    succeeded(&output)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A container that runs until this is dropped.
struct Running(String);

impl Running {
    fn start() -> Result<Self, Failure> {
        let words = ["run", "--detach", "--rm", "--network", "none", IMAGE, "/bin/sleep", "3600"];
        docker(&words).map(Self)
    }

    fn exec(&self) -> Command {
        let mut command = Command::new("docker");
        command.args(["exec", &self.0, "/bin/true"]);
        command
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = docker(&["rm", "--force", &self.0]);
    }
}
