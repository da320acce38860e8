//! Row 18: how soon the first line of a running command is seen, and how many of its lines.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::actors;
use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, median, settle};
use crate::menu::Menu;
use crate::table::{Figure, Reference, Unit, at_least, at_most};

const LINES: usize = 20;
const PAUSE_MILLISECONDS: &str = "50";
const CALL: &str = r#"{"name":"lines","arguments":{},"_meta":{"mcpfier/stream":true,"progressToken":7}}"#;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let program = std::env::current_exe()?;
    let words = [actors::WORD, "lines", &LINES.to_string(), PAUSE_MILLISECONDS];
    let menu = Menu::nothing().with("lines", &program.to_string_lossy(), &words, "");
    let menu = bench.write(&menu, "streaming")?;
    let [first, seen] = bench.interleave(bench.options.pick(1, 5), |subject| {
        let mut server = bench.start(subject, &menu)?;
        server.call("true")?;
        settle(&server);
        let watched = [watch(&mut server)?, watch(&mut server)?];
        let first = median(watched.iter().map(|(first, _)| *first).collect()).unwrap_or(f64::NAN);
        let seen = watched.iter().map(|(_, seen)| *seen).min().unwrap_or_default();
        Ok([first, seen as f64])
    });
    Ok(vec![
        Figure::new("18", "first streamed line", Unit::Milliseconds, first)
            .gate(at_most(3e-3, Reference::Itself))
            .stretch(at_most(1.5, Reference::Floor)),
        Figure::new("18", "lines of 20 seen by progress", Unit::Count, seen)
            .gate(at_least(LINES as f64, Reference::Itself)),
    ])
}

/// The seconds until the first line was seen, and how many were.
fn watch(server: &mut Server) -> Result<(f64, usize), Failure> {
    let asked = Instant::now();
    let id = server.request("tools/call", CALL)?;
    let mut first = f64::NAN;
    let mut seen = BTreeSet::new();
    loop {
        let line = server.next_line()?;
        let message = line.message()?;
        if message.id == Some(id) && message.method.is_none() {
            return Ok((first, seen.len()));
        }
        let text = message.params.map_or("", serde_json::value::RawValue::get);
        seen.extend((1..=LINES).filter(|number| text.contains(&format!("line {number} of {LINES}."))));
        if first.is_nan() && !seen.is_empty() {
            first = asked.elapsed().as_secs_f64();
        }
    }
}
