//! Rows 19, 20 and 22 over HTTP: what is left of a command whose client has gone, or whose server is told
//! to stop. The command is the tree of [`super::super::endings`].

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::actors;
use crate::failure::Failure;
use crate::measure::{Bench, median, until};
use crate::menu::Menu;
use crate::process;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};
use crate::web::client::runtime;
use crate::web::{self, Connection, WebServer};

use super::super::endings::{clear, grown};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Blow {
    /// The client closes its connection.
    Gone,
    Terminate,
}

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let [group, gone, gone_left] = blows(bench, "gentle", Blow::Gone);
    let [_, told, told_left] = blows(bench, "stubborn", Blow::Terminate);
    Ok(vec![
        Figure::new("19", "HTTP: client gone: group dead", Unit::Milliseconds, group)
            .gate(at_most(10e-3, Reference::Itself))
            .stretch(at_most(3e-3, Reference::Itself)),
        Figure::new("20", "HTTP: client gone: whole tree dead", Unit::Milliseconds, gone)
            .gate(at_most(250e-3, Reference::Itself))
            .stretch(at_most(20e-3, Reference::Itself)),
        Figure::new("20", "HTTP: client gone: left of 4", Unit::Count, gone_left)
            .gate(at_most(0.0, Reference::Itself)),
        Figure::new("22", "HTTP: SIGTERM, ignored by the command: all gone", Unit::Milliseconds, told)
            .gate(at_most(1.5, Reference::Itself)),
        Figure::new("22", "HTTP: SIGTERM, ignored by the command: left of 4", Unit::Count, told_left)
            .gate(at_most(0.0, Reference::Itself)),
    ])
}

/// What a blow left, and the seconds until the command's group and all of it was dead.
struct Aftermath {
    group_dead: f64,
    tree_dead: f64,
    left: usize,
}

/// The seconds until the group was dead, and until nothing was left, and what was.
fn blows(bench: &Bench, mood: &str, blow: Blow) -> [crate::measure::Samples; 3] {
    bench.interleave(bench.options.pick(1, 5), |subject| {
        if subject != Subject::Mcpfier {
            return Ok([f64::NAN; 3]);
        }
        let (mut group, mut took, mut left) = (Vec::new(), Vec::new(), 0);
        for number in 0..bench.options.pick(3, 7) {
            let token = format!("web-{mood}-{number}-{}-{:?}", std::process::id(), Instant::now());
            let token: String = token.chars().filter(char::is_ascii_alphanumeric).collect();
            let after = strike(bench, mood, &token, blow)?;
            group.push(after.group_dead);
            took.push(after.tree_dead);
            left = left.max(after.left);
            clear(&token);
        }
        Ok([median(group).unwrap_or(f64::NAN), median(took).unwrap_or(f64::NAN), left as f64])
    })
}

fn strike(bench: &Bench, mood: &str, token: &str, blow: Blow) -> Result<Aftermath, Failure> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let words = [actors::WORD, "tree", mood, token];
    let menu = Menu::new().server("drain: 0s").with("tree", &program, &words, "    kill_grace: 100ms\n");
    let mut server = WebServer::mcpfier(bench, &bench.write(&menu, "web-endings")?)?;
    runtime()?.block_on(async {
        let mut connection = Connection::open(server.address).await?;
        connection.send(&web::call("tree", "")).await?;
        // The head of the answer is there long before its end.
        connection.read().await?;
        let (main, tree) = grown(token)?;
        let struck = Instant::now();
        match blow {
            Blow::Gone => drop(connection),
            Blow::Terminate => process::signal(server.pid(), Signal::SIGTERM)?,
        }
        let left = || tree.keys().filter(|pid| process::is_alive(**pid)).count();
        let in_group = || tree.iter().any(|(pid, group)| *group == main && process::is_alive(*pid));
        let mut group_dead = f64::NAN;
        until(Duration::from_millis(2500), || {
            if group_dead.is_nan() && !in_group() {
                group_dead = struck.elapsed().as_secs_f64();
            }
            Ok(left() == 0 && (blow == Blow::Gone || server.is_gone()?))
        })?;
        Ok(Aftermath { group_dead, tree_dead: struck.elapsed().as_secs_f64(), left: left() })
    })
}
