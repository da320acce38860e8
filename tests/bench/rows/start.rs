//! Rows 1 and 2: from starting the process to having the list of its tools.

use std::time::Instant;

use crate::failure::Failure;
use crate::measure::{Bench, Samples, median};
use crate::menu::Menu;
use crate::subject::{MenuFiles, Subject};
use crate::table::{Figure, Reference, Unit, at_most};

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let eight = Figure::new("1", "start to list, 8 tools", Unit::Milliseconds, with_tools(bench, 8)?)
        .gate(at_most(1.5, Reference::Floor))
        .stretch(at_most(1.1, Reference::Floor));
    let two_hundred =
        Figure::new("", "start to list, 200 tools", Unit::Milliseconds, with_tools(bench, 200)?);
    // 0.6 of the original's 16.1 ms, where the floor took 2.9 ms.
    let thousand =
        Figure::new("2", "start to list, 1,000 tools", Unit::Milliseconds, with_tools(bench, 1000)?)
            .gate(at_most(3.3, Reference::Floor))
            .stretch(at_most(2.0, Reference::Floor));
    Ok(vec![eight, two_hundred, thousand])
}

fn with_tools(bench: &Bench, count: usize) -> Result<Samples, Failure> {
    let menu = bench.write(&Menu::nothing().filled_to(count), &format!("start-{count}"))?;
    let [samples] = bench.interleave(bench.rounds(), |subject| {
        let starts = bench.options.pick(3, 7);
        let took = (0..starts).map(|_| once(bench, subject, &menu)).collect::<Result<Vec<f64>, _>>()?;
        Ok([median(took).unwrap_or(f64::NAN)])
    });
    Ok(samples)
}

fn once(bench: &Bench, subject: Subject, menu: &MenuFiles) -> Result<f64, Failure> {
    let started = Instant::now();
    let mut server = bench.start(subject, menu)?;
    server.list()?;
    Ok(started.elapsed().as_secs_f64())
}
