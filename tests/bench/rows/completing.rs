//! Completing a tool's name at a shell: what TAB waits for, as a process of its own.
//!
//! The floor here is the same program that only says its version, and the ideal `/bin/true`.

use std::path::Path;
use std::process::Command;

use crate::actors;
use crate::failure::Failure;
use crate::measure::{Bench, Samples, median};
use crate::menu::Menu;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for (count, name) in [(10, "10 commands"), (1000, "1,000 commands")] {
        for (what, words) in [
            ("a tool's name", &["call", "sea"][..]),
            ("a parameter's name", &["call", "search-code-0005", "pat"]),
        ] {
            let [took] = of_line(bench, count, words)?;
            let name = format!("completion of {what}, {name}");
            let figure = Figure::new("complete", name, Unit::Milliseconds, took);
            figures.push(figure.gate(at_most(30e-3, Reference::Itself)));
        }
    }
    Ok(figures)
}

fn of_line(bench: &Bench, count: usize, words: &[&str]) -> Result<[Samples; 1], Failure> {
    let menu = bench.write(&Menu::nothing().filled_to(count), "completing")?;
    Ok(bench.interleave(bench.rounds(), |subject| {
        let runs = bench.options.pick(5, 11);
        let took =
            (0..runs).map(|_| once(bench, subject, &menu.yaml, words)).collect::<Result<Vec<f64>, _>>()?;
        Ok([median(took).unwrap_or(f64::NAN)])
    }))
}

/// Seconds.
fn once(bench: &Bench, subject: Subject, file: &Path, words: &[&str]) -> Result<f64, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([actors::WORD, "usage"]);
    match subject {
        Subject::Mcpfier => {
            command.arg(&bench.options.server).args(["__complete", "fish", "-c"]).arg(file).args(words)
        }
        Subject::Floor => command.arg(&bench.options.server).arg("--version"),
        Subject::Ideal => command.arg("/bin/true"),
    };
    let output = command.output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let seconds = printed.split_whitespace().next().and_then(|word| word.parse().ok());
    seconds.ok_or_else(|| Failure::unexpected("a duration", printed))
}
