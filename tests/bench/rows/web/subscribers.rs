//! How soon a hundred subscribers know of a changed file, and how long a list of 1,000 resources takes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use crate::failure::Failure;
use crate::measure::{Bench, median};
use crate::menu::Menu;
use crate::subject::{MenuFiles, Subject};
use crate::table::{Figure, Reference, Unit, at_most};
use crate::web::client::runtime;
use crate::web::{self, Connection, WebServer};

const SUBSCRIBERS: usize = 100;
const RESOURCES: usize = 1000;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let files = bench.write(&Menu::nothing(), "subscribers")?;
    let watched = with_resources(bench, &files)?;
    let [told, listed] = bench.interleave(bench.options.pick(1, 5), |subject| {
        if subject != Subject::Mcpfier {
            return Ok([f64::NAN; 2]);
        }
        let server = WebServer::mcpfier(bench, &files)?;
        let list = web::ask("resources/list", &json!({}));
        server.ask(&list)?;
        let mut took = Vec::new();
        for _ in 0..bench.options.pick(5, 20) {
            let asked = Instant::now();
            server.ask(&list)?;
            took.push(asked.elapsed().as_secs_f64());
        }
        Ok([fan_out(&server, &watched)?, median(took).unwrap_or(f64::NAN)])
    });
    Ok(vec![
        Figure::new("resources", "HTTP: a changed file told to 100 subscribers", Unit::Milliseconds, told)
            .gate(at_most(0.25, Reference::Itself)),
        Figure::new("resources", "HTTP: list of 1,000 resources", Unit::Milliseconds, listed)
            .gate(at_most(20e-3, Reference::Itself)),
    ])
}

/// Adds resources to a menu; gives the path of the one that is a file.
fn with_resources(bench: &Bench, files: &MenuFiles) -> Result<PathBuf, Failure> {
    let watched = bench.folder().join("watched.txt");
    std::fs::write(&watched, "before")?;
    let mut yaml = std::fs::read_to_string(&files.yaml)?;
    let _ = writeln!(yaml, "\nresources:\n  - {{ uri: \"x://watched\", file: {} }}", watched.display());
    for number in 1..RESOURCES {
        let _ =
            writeln!(yaml, "  - {{ uri: \"x://{number}\", text: It is {number}, description: A number }}");
    }
    std::fs::write(&files.yaml, yaml)?;
    Ok(watched)
}

/// The seconds from the change until the last subscriber knows.
fn fan_out(server: &WebServer, watched: &Path) -> Result<f64, Failure> {
    let listen = json!({ "notifications": { "resourceSubscriptions": ["x://watched"] } });
    let listen = web::ask("subscriptions/listen", &listen);
    runtime()?.block_on(async {
        let mut connections = Vec::with_capacity(SUBSCRIBERS);
        for _ in 0..SUBSCRIBERS {
            let mut connection = Connection::open(server.address).await?;
            connection.send(&listen).await?;
            hears(&mut connection, "subscriptions/acknowledged").await?;
            connections.push(connection);
        }
        std::fs::write(watched, "after, and longer than before")?;
        let changed = Instant::now();
        for connection in &mut connections {
            hears(connection, "resources/updated").await?;
        }
        Ok(changed.elapsed().as_secs_f64())
    })
}

async fn hears(connection: &mut Connection, method: &str) -> Result<(), Failure> {
    while !connection.answer.seen.windows(method.len()).any(|window| window == method.as_bytes()) {
        connection.read().await?;
    }
    Ok(())
}
