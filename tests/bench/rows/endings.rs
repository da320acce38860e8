//! Rows 19 to 23: what is still alive after a call or its server has been ended in the middle.
//!
//! The call is a tree of four processes: one in the command's group, one with its own session and
//! one daemon beside the command itself. They are looked up in `/proc` by a word on their command
//! line. What a server leaves alive is killed here, by process id.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::actors::{self, TREE};
use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, Samples, median, until};
use crate::menu::Menu;
use crate::process;
use crate::subject::{MenuFiles, Subject};
use crate::table::{Figure, Reference, Unit, at_most};

/// How long leftovers are given before they count as left: the baselines never come back to theirs.
fn patience(subject: Subject) -> Duration {
    Duration::from_millis(if subject == Subject::Mcpfier { 2500 } else { 300 })
}

/// How a call or its server is ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blow {
    Cancel,
    EndOfInput,
    Terminate,
    Kill,
}

/// What a blow left, and when the rest was dead.
struct Aftermath {
    group_dead: Option<Duration>,
    tree_dead: Option<Duration>,
    server_gone: Option<Duration>,
    left: usize,
}

pub fn cancelled(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let gentle = blows(bench, "gentle", Blow::Cancel)?;
    let [group, tree, _, left] = gentle;
    let [_, stubborn, _, stubborn_left] = blows(bench, "stubborn", Blow::Cancel)?;
    Ok(vec![
        Figure::new("19", "cancelled: group dead", Unit::Milliseconds, group)
            .gate(at_most(10e-3, Reference::Itself))
            .stretch(at_most(3e-3, Reference::Itself)),
        Figure::new("20", "cancelled: whole tree dead", Unit::Milliseconds, tree)
            .gate(at_most(250e-3, Reference::Itself))
            .stretch(at_most(20e-3, Reference::Itself)),
        Figure::new("20", "cancelled: processes left of 4", Unit::Count, left)
            .gate(at_most(0.0, Reference::Itself)),
        // Its kill_grace is 100 ms.
        Figure::new("20", "cancelled, TERM ignored: whole tree dead", Unit::Milliseconds, stubborn)
            .gate(at_most(350e-3, Reference::Itself)),
        Figure::new("20", "cancelled, TERM ignored: left of 4", Unit::Count, stubborn_left)
            .gate(at_most(0.0, Reference::Itself)),
    ])
}

pub fn ended(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    let blows_and_bounds = [
        ("21", "stdin closed", "gentle", Blow::EndOfInput, 1.0),
        ("22", "SIGTERM, ignored by the command", "stubborn", Blow::Terminate, 1.5),
        ("23", "kill -9 of the server", "stubborn", Blow::Kill, 1.0),
    ];
    for (row, name, mood, blow, bound) in blows_and_bounds {
        let [_, tree, gone, left] = blows(bench, mood, blow)?;
        figures.extend([
            Figure::new(row, format!("{name}: tree dead"), Unit::Milliseconds, tree)
                .gate(at_most(bound, Reference::Itself)),
            Figure::new(row, format!("{name}: left of 4"), Unit::Count, left)
                .gate(at_most(0.0, Reference::Itself)),
        ]);
        if blow != Blow::Kill {
            figures.push(
                Figure::new(row, format!("{name}: server gone"), Unit::Milliseconds, gone)
                    .gate(at_most(bound, Reference::Itself)),
            );
        }
    }
    Ok(figures)
}

/// Group dead, tree dead, server gone and processes left, after many blows of a kind.
fn blows(bench: &Bench, mood: &str, blow: Blow) -> Result<[Samples; 4], Failure> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let samples = bench.interleave(bench.options.pick(1, 5), |subject| {
        let repeats = if subject == Subject::Mcpfier { bench.options.pick(3, 7) } else { 1 };
        let mut aftermaths = Vec::new();
        for number in 0..repeats {
            let token =
                format!("{mood}-{}-{number}-{}", std::process::id(), Instant::now().elapsed().as_nanos());
            let words = [actors::WORD, "tree", mood, &token];
            let menu =
                Menu::new().server("drain: 0s").with("tree", &program, &words, "    kill_grace: 100ms\n");
            aftermaths.push(strike(bench, subject, &bench.write(&menu, "endings")?, &token, blow)?);
        }
        let middle = |of: fn(&Aftermath) -> Option<Duration>| {
            let times = aftermaths.iter().map(|after| of(after).map_or(f64::NAN, |took| took.as_secs_f64()));
            median(times.collect()).unwrap_or(f64::NAN)
        };
        let left = aftermaths.iter().map(|after| after.left).max().unwrap_or_default();
        Ok([
            middle(|after| after.group_dead),
            middle(|after| after.tree_dead),
            middle(|after| after.server_gone),
            left as f64,
        ])
    });
    Ok(samples)
}

fn strike(
    bench: &Bench,
    subject: Subject,
    menu: &MenuFiles,
    token: &str,
    blow: Blow,
) -> Result<Aftermath, Failure> {
    let mut server = bench.start(subject, menu)?;
    let id = server.request_call("tree")?;
    let (main, tree) = grown(token)?;
    match blow {
        Blow::Cancel => server.cancel(id)?,
        Blow::EndOfInput => server.close_input(),
        Blow::Terminate => process::signal(server.pid(), Signal::SIGTERM)?,
        Blow::Kill => server.kill()?,
    }
    let aftermath = watch(&mut server, main, &tree, blow, patience(subject))?;
    clear(token);
    Ok(aftermath)
}

/// Waits until the whole tree is there, and gives its group and each process with its group.
pub(super) fn grown(token: &str) -> Result<(i32, BTreeMap<i32, i32>), Failure> {
    let mut tree = BTreeMap::new();
    let mut command = 0;
    let took = until(Duration::from_secs(5), || {
        let pids = process::with_word(token);
        let places: BTreeMap<i32, (i32, i32)> =
            pids.iter().filter_map(|&pid| Some((pid, process::places(pid)?))).collect();
        let own_sessions = places.iter().filter(|(pid, (_, session))| *pid == session);
        let (lead, apart): (Vec<i32>, Vec<i32>) =
            own_sessions.map(|(pid, _)| *pid).partition(|pid| has_followers(*pid, &places));
        let group = places.values().map(|(group, _)| *group).find(|group| followers(*group, &places) > 1);
        tree = places.iter().map(|(pid, (group, _))| (*pid, *group)).collect();
        command = group.unwrap_or_default();
        Ok(pids.len() == TREE && apart.len() + lead.len() >= 2 && group.is_some())
    })?;
    took.map(|_| (command, tree)).ok_or_else(|| Failure::unexpected("a tree of 4", "fewer within 5 s"))
}

fn followers(group: i32, places: &BTreeMap<i32, (i32, i32)>) -> usize {
    places.values().filter(|(own, _)| *own == group).count()
}

fn has_followers(pid: i32, places: &BTreeMap<i32, (i32, i32)>) -> bool {
    followers(pid, places) > 1
}

fn watch(
    server: &mut Server,
    group: i32,
    tree: &BTreeMap<i32, i32>,
    blow: Blow,
    longest: Duration,
) -> Result<Aftermath, Failure> {
    let mut aftermath = Aftermath { group_dead: None, tree_dead: None, server_gone: None, left: 0 };
    let started = Instant::now();
    until(longest, || {
        let now = Some(started.elapsed());
        let alive: Vec<i32> =
            tree.iter().filter(|(pid, _)| process::is_alive(**pid)).map(|(_, group)| *group).collect();
        if !alive.contains(&group) {
            aftermath.group_dead = aftermath.group_dead.or(now);
        }
        if alive.is_empty() {
            aftermath.tree_dead = aftermath.tree_dead.or(now);
        }
        if blow != Blow::Cancel && aftermath.server_gone.is_none() && server.is_gone()? {
            aftermath.server_gone = now;
        }
        aftermath.left = alive.len();
        Ok(alive.is_empty() && (blow == Blow::Cancel || aftermath.server_gone.is_some()))
    })?;
    Ok(aftermath)
}

/// Kills what is left, by process id.
pub(super) fn clear(token: &str) {
    for pid in process::with_word(token) {
        let _ = process::signal(pid, Signal::SIGKILL);
    }
}
