//! Flows of a thousand steps, in a row and side by side, against a bare loop that keeps as many spawns
//! going; and what it takes to plan a thousand steps.
//!
//! The others have no flows: they are asked for as many calls, as many at once.

use std::fmt::Write as _;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, median, settle};
use crate::menu::Menu;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_least, at_most};

const TOOL: &str = "true";
const STEPS: usize = 1000;
const WIDTH: usize = 64;
const LONG: &str = "row";
const WIDE: &str = "wide";

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let menu = Menu::nothing()
        .calls(WIDTH, 2 * STEPS)
        .with_steps(LONG, &steps(""))
        .with_steps(WIDE, &steps(", after: []"));
    let files = bench.write(&menu, "flows")?;
    let (mut in_a_row, mut at_once) = (Vec::new(), Vec::new());
    let [long, wide] = bench.interleave(bench.rounds(), |subject| {
        in_a_row.push(bare_rate(1)?);
        at_once.push(bare_rate(WIDTH)?);
        let mut server = bench.start(subject, &files)?;
        server.burst(TOOL, 2 * WIDTH, WIDTH)?;
        settle(&server);
        Ok([rate(&mut server, subject, LONG, 1)?, rate(&mut server, subject, WIDE, WIDTH)?])
    });
    let rated = |name: &str, rates, limit: Vec<f64>| {
        Figure::new("flow", name, Unit::PerSecond, rates)
            .limit(median(limit))
            .gate(at_least(0.7, Reference::Limit))
    };
    let [planning] = bench.interleave(bench.rounds(), |subject| {
        if subject != Subject::Mcpfier {
            return Ok([f64::NAN]);
        }
        let with = preview(bench, &files.yaml, LONG)?;
        let without = preview(bench, &files.yaml, TOOL)?;
        Ok([with.saturating_sub(without).as_secs_f64()])
    });
    Ok(vec![
        rated("steps/s, 1,000 in a row", long, in_a_row),
        rated(&format!("steps/s, 1,000 beside each other, {WIDTH} at once"), wide, at_once),
        Figure::new("flow", "plan and print 1,000 steps", Unit::Milliseconds, planning)
            .gate(at_most(50e-3, Reference::Itself)),
    ])
}

fn steps(more: &str) -> String {
    (0..STEPS).fold(String::new(), |mut text, step| {
        let _ = writeln!(text, "      - {{ id: s{step}, command: {TOOL}{more} }}");
        text
    })
}

/// Steps of a flow a second, or calls of one who has none.
fn rate(server: &mut Server, subject: Subject, flow: &str, at_once: usize) -> Result<f64, Failure> {
    let began = Instant::now();
    match subject {
        Subject::Mcpfier => drop(server.call(flow)?),
        Subject::Floor | Subject::Ideal => drop(server.burst(TOOL, STEPS, at_once)?),
    }
    Ok(STEPS as f64 / began.elapsed().as_secs_f64())
}

/// What no server can beat: spawning, reading two pipes to their end, waiting.
pub(super) fn bare_rate(at_once: usize) -> Result<f64, Failure> {
    let (begun, began) = (AtomicUsize::new(0), Instant::now());
    let work = || -> Result<(), Failure> {
        while begun.fetch_add(1, Ordering::Relaxed) < STEPS {
            Command::new("/bin/true").output()?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let loops: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        loops.into_iter().try_for_each(|one| one.join().unwrap_or(Err(Failure::Late(0))))
    })?;
    Ok(STEPS as f64 / began.elapsed().as_secs_f64())
}

/// A dry-run as a process of its own.
fn preview(bench: &Bench, file: &std::path::Path, tool: &str) -> Result<Duration, Failure> {
    let mut took = Vec::new();
    for _ in 0..bench.options.pick(3, 9) {
        let began = Instant::now();
        let mut command = Command::new(&bench.options.server);
        command.args(["--dry-run", tool, "--config"]).arg(file).output()?;
        took.push(began.elapsed().as_secs_f64());
    }
    Ok(Duration::from_secs_f64(median(took).unwrap_or_default()))
}
