//! The container engines of a file: is each there, and has it what would not be pulled?

use crate::cli::containers::look as look_at_engines;
use crate::config::Host;
use crate::model::Catalog;

use super::Finding;

const ABOUT: &str = "containers";

pub fn look(catalog: &Catalog, host: &Host) -> Vec<Finding> {
    let looks = look_at_engines(catalog, host);
    let findings = looks.iter().flat_map(|look| {
        let fine = look.engine().map(|engine| Finding::fine(ABOUT, engine));
        let problems = look.problems().into_iter();
        fine.into_iter().chain(problems.map(|(_, what, cure)| Finding::problem(ABOUT, what, cure)))
    });
    findings.collect()
}
