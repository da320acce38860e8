//! Jobs: calls that go on when nobody waits for them. The baselines have none.

pub mod held;
pub mod log;
pub mod many;
pub mod store;

use std::path::Path;

use serde_json::{Value, json};

use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, Samples};
use crate::menu::Menu;
use crate::subject::Subject;

const BACKGROUND: &str = "    background: true\n";

/// A menu whose server keeps as many jobs as anybody wants, in a folder of their own.
fn keeping(menu: Menu, folder: &Path) -> Menu {
    let folder = folder.display();
    let rules = format!("{{ folder: \"{folder}\", max: 20000, per_caller: 20000, log_limit: 1GiB }}");
    menu.calls(1100, 20_000).server(&format!("jobs: {rules}"))
}

/// Begins a job, and gives its name.
fn begin(server: &mut Server, tool: &str) -> Result<String, Failure> {
    let answer = server.ask(tool, &json!({}))?;
    let id = answer["_meta"]["mcpfier/job"]["id"].as_str();
    id.map(str::to_owned).ok_or_else(|| Failure::unexpected("a job", answer.to_string()))
}

/// Waits until a job is over, and gives what is told of it.
fn wait(server: &mut Server, job: &str) -> Result<Value, Failure> {
    loop {
        let answer = server.ask("job_wait", &json!({ "job_id": job, "seconds": 45 }))?;
        match answer["_meta"]["mcpfier/job"]["state"].as_str() {
            Some("running") => {}
            Some("succeeded") => return Ok(answer),
            _ => return Err(Failure::unexpected("a job that succeeds", answer.to_string())),
        }
    }
}

/// Measures this program alone.
fn alone<const N: usize>(
    bench: &Bench,
    rounds: usize,
    mut block: impl FnMut() -> Result<[f64; N], Failure>,
) -> [Samples; N] {
    bench.interleave(rounds, |subject| match subject {
        Subject::Mcpfier => block(),
        Subject::Floor | Subject::Ideal => Ok([f64::NAN; N]),
    })
}
