//! Row 3: the list of 1,000 tools from a server that has given it before.

use std::time::Instant;

use crate::failure::Failure;
use crate::measure::{Bench, median, settle};
use crate::menu::Menu;
use crate::table::{Figure, Reference, Unit, at_most};

const TOOLS: usize = 1000;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let menu = bench.write(&Menu::nothing().filled_to(TOOLS), "listing")?;
    let [again, size] = bench.interleave(bench.rounds(), |subject| {
        let mut server = bench.start(subject, &menu)?;
        let length = server.list()?;
        settle(&server);
        let mut took = Vec::new();
        for _ in 0..bench.options.pick(20, 50) {
            let asked = Instant::now();
            server.list()?;
            took.push(asked.elapsed().as_secs_f64());
        }
        Ok([median(took).unwrap_or(f64::NAN), length as f64])
    });
    Ok(vec![
        Figure::new("3", "list again, 1,000 tools", Unit::Milliseconds, again)
            .gate(at_most(1.0, Reference::Floor))
            .stretch(at_most(0.2e-3, Reference::Itself)),
        Figure::new("", "its length", Unit::MiB, size),
    ])
}
