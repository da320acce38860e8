//! A configuration loaded in process, as an engine needs it, on a host with a few variables.

use std::path::Path;
use std::sync::Arc;

use mcpfier::config::{self, Host};
use mcpfier::model::Catalog;
use mcpfier::plan::{Environment, Facts, Means};
use mcpfier::runner::Vault;

/// The tools of a text, which is written into the folder. It has to be without errors.
pub fn load(folder: &Path, text: &str, variables: &[(&str, &str)]) -> (Arc<Catalog>, Facts, Arc<Vault>) {
    let file = folder.join("config.yaml");
    std::fs::write(&file, text).expect("a scratch file");
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::from_iter(variables);
    let host = Host {
        environment: environment.clone(),
        cwd: folder.to_path_buf(),
        home: None,
        executable_dir: None,
        foreign: None,
        as_written: false,
    };
    let loaded = config::load(&file, &host, &config::Choice::default());
    assert!(!loaded.report.has_errors(), "{}", loaded.report.render(config::Style::Plain));
    let catalog = Arc::new(loaded.catalog.expect("a file without errors has a catalog"));
    let facts = Facts::new(&environment, &catalog.secrets, Means::NONE);
    let vault = Arc::new(Vault::new(catalog.secrets.clone(), Arc::new(environment)));
    (catalog, facts, vault)
}

/// Where programs are on this host.
pub fn path() -> String {
    std::env::var("PATH").expect("a PATH")
}
