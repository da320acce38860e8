//! The container engine, if a command needs one: is it there, and has it what would not be pulled?

use crate::cli::containers::look as look_at_engine;
use crate::config::Host;
use crate::model::Catalog;

use super::Finding;

const ABOUT: &str = "containers";

pub fn look(catalog: &Catalog, host: &Host) -> Vec<Finding> {
    match look_at_engine(catalog, host) {
        None => Vec::new(),
        Some(Err(failure)) => {
            let told = failure.to_string();
            let (what, cure) = told.split_once("; ").unwrap_or((&told, "start Docker or Podman"));
            vec![Finding::problem(ABOUT, what, cure)]
        }
        Some(Ok(look)) => {
            let missing = look.missing.iter().map(|image| {
                let cure = format!("`docker pull {image}`, or another `pull`");
                Finding::problem(
                    ABOUT,
                    format!("the image `{image}` is not there, and `pull` is `never`"),
                    cure,
                )
            });
            std::iter::once(Finding::fine(ABOUT, look.engine())).chain(missing).collect()
        }
    }
}
