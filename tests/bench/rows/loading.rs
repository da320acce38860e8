//! Loading: `mcpfier --validate` of 10, 1,000 and 5,000 commands, as a process of its own.
//!
//! The floor here is a process that reads the same YAML into plain values with the same library,
//! and the ideal one that only reads the bytes.

use std::path::Path;
use std::process::Command;

use crate::actors;
use crate::failure::Failure;
use crate::measure::{Bench, Samples, median};
use crate::menu::Menu;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};

const SIZES: [(usize, &str); 3] = [(10, "10 commands"), (1000, "1,000 commands"), (5000, "5,000 commands")];

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    let mut times = Vec::new();
    for (count, name) in SIZES {
        let [took, processor, memory] = of_size(bench, count)?;
        times.push(processor.clone());
        let time = Figure::new("load", format!("load and validate, {name}"), Unit::Milliseconds, took);
        figures.push(match count {
            1000 => time.gate(at_most(50e-3, Reference::Itself)),
            _ => time,
        });
        figures.push(Figure::new("", "its processor time", Unit::Milliseconds, processor));
        figures.push(Figure::new("", "its memory at most", Unit::MiB, memory));
    }
    if let [_, thousand, five_thousand] = times.as_slice() {
        let growth = five_thousand.over(thousand);
        figures.push(
            Figure::new("load", "growth from 1,000 to 5,000", Unit::Times, growth)
                .gate(at_most(5.5, Reference::Itself)),
        );
    }
    Ok(figures)
}

fn of_size(bench: &Bench, count: usize) -> Result<[Samples; 3], Failure> {
    let menu = bench.write(&Menu::nothing().filled_to(count), "loading")?;
    Ok(bench.interleave(bench.rounds(), |subject| {
        let runs = bench.options.pick(3, 7);
        let usages =
            (0..runs).map(|_| once(bench, subject, &menu.yaml)).collect::<Result<Vec<[f64; 3]>, _>>()?;
        let middle = |at: usize| {
            median(usages.iter().filter_map(|usage| usage.get(at).copied()).collect()).unwrap_or(f64::NAN)
        };
        Ok([middle(0), middle(1), middle(2)])
    }))
}

/// Seconds, seconds of processor time, and bytes of memory.
fn once(bench: &Bench, subject: Subject, file: &Path) -> Result<[f64; 3], Failure> {
    let itself = std::env::current_exe()?;
    let mut command = Command::new(&itself);
    command.args([actors::WORD, "usage"]);
    match subject {
        Subject::Mcpfier => command.arg(&bench.options.server).args(["--validate", "--config"]),
        Subject::Floor => command.arg(&itself).args([actors::WORD, "parse"]),
        Subject::Ideal => command.arg(&itself).args([actors::WORD, "read"]),
    };
    let output = command.arg(file).output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<f64> = printed.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    figures.try_into().map_err(|_| {
        let problem = String::from_utf8_lossy(&output.stderr).into_owned();
        Failure::unexpected("three figures", printed + &problem)
    })
}
