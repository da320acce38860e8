//! Row 18 over HTTP: how soon the first line of a running command is seen.

use std::time::Instant;

use crate::actors;
use crate::failure::Failure;
use crate::measure::{Bench, median};
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_least, at_most};
use crate::web::bare::NOOP;
use crate::web::client::runtime;
use crate::web::{self, Connection, WebServer};

use super::{Served, noop_menu};

const LINES: usize = 20;

pub fn streaming(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let program = std::env::current_exe()?;
    let words = [actors::WORD, "lines", &LINES.to_string(), "50"];
    let menu = noop_menu().with("lines", &program.to_string_lossy(), &words, "");
    let served = Served::write(bench, &menu, "web-streaming")?;
    let [first, seen] = bench.interleave(bench.options.pick(1, 5), |subject| {
        if subject != Subject::Mcpfier {
            return Ok([f64::NAN; 2]);
        }
        let server = served.start(bench, subject)?;
        server.ask(&web::call(NOOP, ""))?;
        server.settle();
        let watched = [watch(&server)?, watch(&server)?, watch(&server)?];
        let seen = watched.iter().map(|(_, seen)| *seen).min().unwrap_or_default();
        Ok([median(watched.map(|(first, _)| first).to_vec()).unwrap_or(f64::NAN), seen as f64])
    });
    Ok(vec![
        Figure::new("18", "HTTP: first streamed line", Unit::Milliseconds, first)
            .gate(at_most(5e-3, Reference::Itself)),
        Figure::new("18", "HTTP: lines of 20 seen by progress", Unit::Count, seen)
            .gate(at_least(LINES as f64, Reference::Itself)),
    ])
}

/// The seconds until the first line was seen, and how many were.
fn watch(server: &WebServer) -> Result<(f64, usize), Failure> {
    runtime()?.block_on(async {
        let mut connection = Connection::open(server.address).await?;
        let (asked, mut first) = (Instant::now(), f64::NAN);
        connection.send(&web::watched_call("lines")).await?;
        while !connection.answer.is_whole() {
            connection.read().await?;
            if first.is_nan() && shows(&connection, 1) {
                first = asked.elapsed().as_secs_f64();
            }
        }
        Ok((first, (1..=LINES).filter(|number| shows(&connection, *number)).count()))
    })
}

fn shows(connection: &Connection, number: usize) -> bool {
    let line = format!("line {number} of {LINES}.");
    connection.answer.seen.windows(line.len()).any(|window| window == line.as_bytes())
}
