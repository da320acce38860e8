//! The benchmark of the whole server: `cargo bench --bench serve`, Linux only, never part of the test run.
//!
//! It starts real server processes, speaks to them over stdio and prints every figure as a ratio to
//! two baselines measured beside it in the same run: the *floor*, the least server that rmcp and
//! tokio make, and the *ideal*, a server without libraries. Both live in this binary, which starts
//! itself with a hidden first word. It knows nothing of mcpfier's code, only its command line.

mod actors;
mod driver;
mod failure;
mod floor;
mod ideal;
mod measure;
mod menu;
mod options;
mod process;
mod rows;
mod subject;
mod table;
mod web;

use std::process::ExitCode;

use failure::Failure;
use options::Options;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match arguments.first().map(String::as_str) {
        Some(floor::WORD) => floor::serve(arguments.get(1)),
        Some(ideal::WORD) => ideal::serve(arguments.get(1)),
        Some(web::floor::WORD) => web::floor::serve(arguments.get(1)),
        Some(web::bare::WORD) => web::bare::serve(arguments.get(1), arguments.get(2)),
        Some(actors::WORD) => actors::act(arguments.get(1..).unwrap_or_default()),
        _ => compare(&arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the rows that were asked for and prints each as soon as it is known.
fn compare(arguments: &[String]) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    let bench = measure::Bench::new(options)?;
    let mut table = table::Table::new(bench.options.markdown);
    for row in rows::ROWS.iter().filter(|row| bench.options.wants(row.numbers)) {
        eprintln!("measuring {}", row.title);
        match (row.measure)(&bench) {
            Ok(figures) => figures.iter().for_each(|figure| table.print(figure)),
            Err(failure) => eprintln!("{}: {failure}", row.title),
        }
    }
    table.finish();
    Ok(())
}
