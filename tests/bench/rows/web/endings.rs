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
    let [gone, gone_left] = blows(bench, "gentle", Blow::Gone);
    let [told, told_left] = blows(bench, "stubborn", Blow::Terminate);
    Ok(vec![
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

/// The seconds until nothing was left, and what was.
fn blows(bench: &Bench, mood: &str, blow: Blow) -> [crate::measure::Samples; 2] {
    bench.interleave(bench.options.pick(1, 5), |subject| {
        if subject != Subject::Mcpfier {
            return Ok([f64::NAN; 2]);
        }
        let (mut took, mut left) = (Vec::new(), 0);
        for number in 0..bench.options.pick(3, 7) {
            let token = format!("web-{mood}-{number}-{}-{:?}", std::process::id(), Instant::now());
            let token: String = token.chars().filter(char::is_ascii_alphanumeric).collect();
            let (dead, alive) = strike(bench, mood, &token, blow)?;
            took.push(dead);
            left = left.max(alive);
            clear(&token);
        }
        Ok([median(took).unwrap_or(f64::NAN), left as f64])
    })
}

fn strike(bench: &Bench, mood: &str, token: &str, blow: Blow) -> Result<(f64, usize), Failure> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let words = [actors::WORD, "tree", mood, token];
    let menu = Menu::new().server("drain: 0s").with("tree", &program, &words, "    kill_grace: 100ms\n");
    let mut server = WebServer::mcpfier(bench, &bench.write(&menu, "web-endings")?)?;
    runtime()?.block_on(async {
        let mut connection = Connection::open(server.address).await?;
        connection.send(&web::call("tree", "")).await?;
        // The head of the answer is there long before its end.
        connection.read().await?;
        let (_, tree) = grown(token)?;
        let struck = Instant::now();
        match blow {
            Blow::Gone => drop(connection),
            Blow::Terminate => process::signal(server.pid(), Signal::SIGTERM)?,
        }
        let left = || tree.keys().filter(|pid| process::is_alive(**pid)).count();
        until(Duration::from_millis(2500), || Ok(left() == 0 && (blow == Blow::Gone || server.is_gone()?)))?;
        Ok((struck.elapsed().as_secs_f64(), left()))
    })
}
