//! Ten thousand jobs that are over: how they came there, how long it takes to list them, and what they make
//! of a start.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, median, until};
use crate::menu::Menu;
use crate::subject::{MenuFiles, Subject};
use crate::table::{Figure, Reference, Unit, at_most};

use super::{BACKGROUND, alone, keeping};

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let jobs = bench.options.pick(1000, 10_000);
    let folder = tempfile::tempdir_in(bench.folder())?;
    let menu = |stem: &str, place: &str| {
        let menu = Menu::nothing().with("done", "/bin/echo", &["done"], BACKGROUND);
        bench.write(&keeping(menu, &folder.path().join(place)), stem)
    };
    let (empty, full) = (menu("few-jobs", "few")?, menu("ten-thousand-jobs", "all")?);
    let rate = fill(bench, &full, jobs)?;
    let params = json!({ "name": "job_list", "arguments": { "limit": 500 } }).to_string();
    let mut nothing_kept = Vec::new();
    let [begun, restart, listed, all] = alone(bench, bench.options.pick(1, 5), || {
        nothing_kept.push(first_list(bench, &empty)?.1);
        let (mut server, restart) = first_list(bench, &full)?;
        let mut took = Vec::new();
        for _ in 0..10 {
            let asked = Instant::now();
            let list = server.request("tools/call", &params)?;
            server.answer_to(list)?;
            took.push(asked.elapsed().as_secs_f64());
        }
        let asked = Instant::now();
        let lines = listed_at_the_shell(bench, &full, &[])?;
        let all = asked.elapsed().as_secs_f64();
        if lines < jobs {
            return Err(Failure::unexpected(format!("{jobs} jobs"), lines.to_string()));
        }
        Ok([rate, restart, median(took).unwrap_or(f64::NAN), all])
    });
    Ok(vec![
        Figure::new("jobs", format!("{jobs} jobs, begun and over"), Unit::PerSecond, begun),
        Figure::new("jobs", format!("start to first list of jobs, {jobs} kept"), Unit::Milliseconds, restart)
            .limit(median(nothing_kept))
            .gate(at_most(0.2, Reference::Itself)),
        Figure::new("jobs", format!("500 of {jobs} jobs listed"), Unit::Milliseconds, listed),
        Figure::new("jobs", format!("all {jobs} jobs listed at the shell"), Unit::Milliseconds, all)
            .gate(at_most(0.5, Reference::Itself)),
    ])
}

/// Has so many jobs carried out; gives how many these were a second.
fn fill(bench: &Bench, menu: &MenuFiles, jobs: usize) -> Result<f64, Failure> {
    let mut server = bench.start(Subject::Mcpfier, menu)?;
    let started = Instant::now();
    server.burst("done", jobs, 32)?;
    until(Duration::from_secs(120), || {
        std::thread::sleep(Duration::from_millis(20));
        Ok(listed_at_the_shell(bench, menu, &["--running"])? == 0)
    })?;
    Ok(jobs as f64 / started.elapsed().as_secs_f64())
}

/// A server that has said which jobs there are, and how long that took from its start.
fn first_list(bench: &Bench, menu: &MenuFiles) -> Result<(Server, f64), Failure> {
    let started = Instant::now();
    let mut server = bench.start(Subject::Mcpfier, menu)?;
    server.ask("job_list", &json!({}))?;
    Ok((server, started.elapsed().as_secs_f64()))
}

/// As how many lines jobs are listed.
fn listed_at_the_shell(bench: &Bench, menu: &MenuFiles, more: &[&str]) -> Result<usize, Failure> {
    let mut command = Command::new(&bench.options.server);
    command.arg("--config").arg(&menu.yaml).args(["jobs", "list"]).args(more);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter(|line| line.contains("  done  ")).count())
}
