//! Rows 6, 8, 9 and 10: calls of `/bin/true`, one by one and side by side, on a quiet machine and a busy one.
//!
//! The processor time is that of the server and its helpers, not of the commands: it is the part
//! that a server is answerable for, and it hardly moves with the machine's load.

use std::process::Command;
use std::time::Instant;

use crate::driver::{Burst, Server};
use crate::failure::Failure;
use crate::measure::{Bench, Hogs, median, percentile, settle};
use crate::menu::Menu;
use crate::process::OwnTime;
use crate::subject::{MenuFiles, Subject};
use crate::table::{Figure, Reference, Unit, at_least, at_most};

const TOOL: &str = "true";

pub fn one_by_one(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let menu = bench.write(&Menu::nothing(), "calls")?;
    let calls = bench.options.pick(200, 1000);
    let mut limits = Vec::new();
    let [middle, slowest, own] = bench.interleave(bench.rounds(), |subject| {
        let mut server = warm(bench, subject, &menu, 1)?;
        let (burst, own) = burst(&mut server, calls, 1)?;
        let Burst { latencies, .. } = burst;
        limits.push(bare_spawns(calls / 4)?);
        Ok([percentile(&latencies, 50), percentile(&latencies, 99), own])
    });
    Ok(vec![
        Figure::new("8", "p50 of one call after another", Unit::Milliseconds, middle)
            .limit(median(limits))
            .gate(at_most(1.0, Reference::Floor))
            .gate(at_most(1.35, Reference::Limit))
            .stretch(at_most(1.2, Reference::Limit)),
        Figure::new("9", "p99 of one call after another", Unit::Milliseconds, slowest)
            .gate(at_most(1.2, Reference::Floor))
            .stretch(at_most(1.0, Reference::Floor)),
        Figure::new("", "own processor time a call, 1 in flight", Unit::Microseconds, own),
    ])
}

pub fn quiet(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    side_by_side(bench, "quiet", 1.0)
}

pub fn beside_hogs(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let _hogs = Hogs::start()?;
    side_by_side(bench, "beside hogs", 1.1)
}

fn side_by_side(bench: &Bench, noise: &str, gate: f64) -> Result<Vec<Figure>, Failure> {
    let menu = bench.write(&Menu::nothing(), "calls")?;
    let mut figures = Vec::new();
    for in_flight in [1, 8, 64, 256] {
        let calls = bench.options.pick(200, 2000).max(in_flight * 2);
        let [rate, own] = bench.interleave(bench.rounds(), |subject| {
            let mut server = warm(bench, subject, &menu, in_flight)?;
            let (Burst { elapsed, .. }, own) = burst(&mut server, calls, in_flight)?;
            Ok([calls as f64 / elapsed.as_secs_f64(), own])
        });
        let rate =
            Figure::new("10", format!("calls/s, {in_flight} in flight, {noise}"), Unit::PerSecond, rate);
        let own = Figure::new(
            if in_flight == 64 { "6" } else { "" },
            format!("own processor time a call, {in_flight} in flight"),
            Unit::Microseconds,
            own,
        );
        figures.push(match in_flight {
            1 => rate,
            _ => rate.gate(at_least(gate, Reference::Floor)).stretch(at_least(0.95, Reference::Ideal)),
        });
        figures.push(match (in_flight, noise) {
            (64, "quiet") => {
                own.gate(at_most(1.1, Reference::Floor)).stretch(at_most(1.25, Reference::Ideal))
            }
            _ => own,
        });
    }
    Ok(figures)
}

/// A command in the kernel's sandbox and the same without, in turn from one server. The others, which
/// have no sandboxes, run both alike.
pub fn sandboxed(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    const BOXED: &str = "boxed";
    let menu = Menu::nothing().with(BOXED, "/bin/true", &[], "    sandbox: true\n");
    let menu = bench.write(&menu, "sandbox")?;
    let calls = bench.options.pick(40, 200);
    let mut free = Vec::new();
    let [held] = bench.interleave(bench.rounds(), |subject| {
        let mut server = warm(bench, subject, &menu, 1)?;
        server.burst(BOXED, 20, 1)?;
        let mut held = Vec::new();
        for _ in 0..5 {
            let without = percentile(&server.burst(TOOL, calls, 1)?.latencies, 50);
            held.push(percentile(&server.burst(BOXED, calls, 1)?.latencies, 50));
            if subject == Subject::Mcpfier {
                free.push(without);
            }
        }
        Ok([median(held).unwrap_or(f64::NAN)])
    });
    Ok(vec![
        Figure::new("sandbox", "p50 of one sandboxed call after another", Unit::Milliseconds, held)
            .limit(median(free))
            .gate(at_most(1.1, Reference::Limit)),
    ])
}

/// A call whose result is remembered, from its request to its answer. The others remember nothing and run
/// the command.
pub fn remembered(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let cached = "    annotations: { read_only: true }\n    cache: { ttl: 1h }\n";
    let menu = Menu::new().with(TOOL, "/bin/true", &[], cached);
    let menu = bench.write(&menu, "remembered")?;
    let calls = bench.options.pick(200, 2000);
    let [hit] = bench.interleave(bench.rounds(), |subject| {
        let mut server = warm(bench, subject, &menu, 1)?;
        Ok([percentile(&server.burst(TOOL, calls, 1)?.latencies, 50)])
    });
    Ok(vec![
        Figure::new("cache", "p50 of one call whose result is remembered", Unit::Microseconds, hit)
            .gate(at_most(100e-6, Reference::Itself)),
    ])
}

/// What a condition and a template make of a call, in turn with the same call without them from one server.
/// The others, which have neither, run both alike.
pub fn judged(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    const JUDGED: &str = "judged";
    let menu = Menu::nothing().with(JUDGED, "/bin/true", &JUDGED_WORDS, JUDGED_YAML);
    let menu = bench.write(&menu, "judged")?;
    let calls = bench.options.pick(60, 300);
    let mut plain = Vec::new();
    let [middle, added] = bench.interleave(bench.rounds(), |subject| {
        let mut server = warm(bench, subject, &menu, 1)?;
        server.burst(JUDGED, 20, 1)?;
        let (mut with, mut more) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let (without, own) = burst(&mut server, calls, 1)?;
            let (judged, own_judged) = burst_of(&mut server, JUDGED, calls, 1)?;
            with.push(percentile(&judged.latencies, 50));
            more.push(own_judged - own);
            if subject == Subject::Mcpfier {
                plain.push(percentile(&without.latencies, 50));
            }
        }
        Ok([with, more].map(|values| median(values).unwrap_or(f64::NAN)))
    });
    Ok(vec![
        Figure::new("condition", "p50 of one call with condition and template", Unit::Milliseconds, middle)
            .limit(median(plain))
            .gate(at_most(1.1, Reference::Limit)),
        Figure::new("condition", "own processor time that they add", Unit::Microseconds, added)
            .gate(at_most(50e-6, Reference::Itself)),
    ])
}

/// A condition that asks for some of everything, and a few words that are templates.
const JUDGED_WORDS: [&str; 3] = ["--to={{channel}}", "{{level}}", "{{note}}"];
const JUDGED_YAML: &str = r#"    params:
      channel: { type: string, description: Where to, enum: [beta, stable], default: beta }
      level: { type: integer, description: How far, minimum: 0, maximum: 9, default: 3 }
      note: { type: string, description: What to say, optional: true, maxLength: 80 }
    when: channel in ["beta", "stable"] && level + 1 < 10 && !has(params.note) && os == "linux" && has_env("PATH")
"#;

/// A server that has made its threads and helpers.
fn warm(bench: &Bench, subject: Subject, menu: &MenuFiles, in_flight: usize) -> Result<Server, Failure> {
    let mut server = bench.start(subject, menu)?;
    server.burst(TOOL, in_flight.max(10) * 2, in_flight)?;
    settle(&server);
    Ok(server)
}

/// The calls, and the server's own seconds of processor time for each.
fn burst(server: &mut Server, calls: usize, in_flight: usize) -> Result<(Burst, f64), Failure> {
    burst_of(server, TOOL, calls, in_flight)
}

fn burst_of(
    server: &mut Server,
    tool: &str,
    calls: usize,
    in_flight: usize,
) -> Result<(Burst, f64), Failure> {
    let before = OwnTime::of(server.pid());
    let burst = server.burst(tool, calls, in_flight)?;
    settle(server);
    let used = OwnTime::of(server.pid()).since(&before);
    Ok((burst, used.as_secs_f64() / calls as f64))
}

/// What no server can beat: spawning, reading two pipes to their end, waiting.
fn bare_spawns(calls: usize) -> Result<f64, Failure> {
    let mut took = Vec::with_capacity(calls);
    for _ in 0..calls {
        let started = Instant::now();
        Command::new("/bin/true").output()?;
        took.push(started.elapsed());
    }
    Ok(percentile(&took, 50))
}
