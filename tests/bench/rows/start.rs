//! Rows 1 and 2: from starting the process to having the list of its tools.

use std::time::Instant;

use crate::failure::Failure;
use crate::measure::{Bench, median};
use crate::menu::Menu;
use crate::subject::{MenuFiles, Subject};
use crate::table::{Figure, Reference, Unit, at_most};

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let plain = |count| Menu::nothing().plainly_filled_to(count);
    let with_parameters = |count| Menu::nothing().filled_to(count);
    Ok(vec![
        figure(bench, "1", "8 tools", with_parameters(8))?
            .gate(at_most(1.5, Reference::Floor))
            .stretch(at_most(1.1, Reference::Floor)),
        figure(bench, "", "200 tools", with_parameters(200))?,
        // 0.6 of the original's 16.1 ms, where the floor took 2.9 ms.
        figure(bench, "2", "1,000 plain tools", plain(1000))?
            .gate(at_most(3.3, Reference::Floor))
            .stretch(at_most(2.0, Reference::Floor)),
        figure(bench, "", "1,000 tools with 4 parameters", with_parameters(1000))?,
    ])
}

fn figure(bench: &Bench, row: &'static str, name: &str, menu: Menu) -> Result<Figure, Failure> {
    let menu = bench.write(&menu, "start")?;
    let [samples] = bench.interleave(bench.rounds(), |subject| {
        let starts = bench.options.pick(3, 7);
        let took = (0..starts).map(|_| once(bench, subject, &menu)).collect::<Result<Vec<f64>, _>>()?;
        Ok([median(took).unwrap_or(f64::NAN)])
    });
    Ok(Figure::new(row, format!("start to list, {name}"), Unit::Milliseconds, samples))
}

fn once(bench: &Bench, subject: Subject, menu: &MenuFiles) -> Result<f64, Failure> {
    let started = Instant::now();
    let mut server = bench.start(subject, menu)?;
    server.list()?;
    Ok(started.elapsed().as_secs_f64())
}
