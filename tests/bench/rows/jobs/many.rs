//! A thousand jobs at once: what each takes while it runs.

use crate::failure::Failure;
use crate::measure::{Bench, settle};
use crate::menu::Menu;
use crate::process;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};

use super::{BACKGROUND, alone, keeping};

const JOBS: usize = 1000;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir_in(bench.folder())?;
    let menu = Menu::nothing().with("sleep", "/bin/sleep", &["600"], BACKGROUND);
    let menu = bench.write(&keeping(menu, folder.path()), "many-jobs")?;
    let [took, each, server_of_it] = alone(bench, bench.options.pick(1, 3), || {
        let mut server = bench.start(Subject::Mcpfier, &menu)?;
        server.call("true")?;
        settle(&server);
        let idle = (process::memory_without(server.pid(), "sleep"), process::resident(server.pid()));
        let burst = server.burst("sleep", JOBS, 16)?;
        settle(&server);
        let busy = (process::memory_without(server.pid(), "sleep"), process::resident(server.pid()));
        let each = |now: u64, before: u64| now.saturating_sub(before) as f64 / JOBS as f64;
        Ok([burst.elapsed.as_secs_f64(), each(busy.0, idle.0), each(busy.1, idle.1)])
    });
    Ok(vec![
        Figure::new("jobs", format!("{JOBS} jobs begun"), Unit::Milliseconds, took),
        Figure::new("jobs", "memory of each of 1,000 jobs, helpers included", Unit::Bytes, each)
            .gate(at_most(64.0 * 1024.0, Reference::Itself)),
        Figure::new("", "of it the server process", Unit::Bytes, server_of_it),
    ])
}
