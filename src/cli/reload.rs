//! What a running server loads when its files change: the same file by the same rules as at its
//! start. What would not have been served then is not served now.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::runtime::Handle;

use crate::config::{self, Choice, Found, Host, How, Loaded};
use crate::engine::{Engine, State};
use crate::model::{Catalog, Dialect, LockedImages};
use crate::plan::{Environment, Facts, Means};
use crate::runner::{Memory, Vault};
use crate::serve::Herald;
use crate::serve::reload::{Attempt, Occasion, Sources, keep_up};

use super::evidence::Evidence;
use super::requirements::Asking;
use super::serve::not_trusted;
use super::session::{self, Session};
use super::{lock, secret_keys, trust};

/// What is left of a session once its catalog is the engine's.
pub struct Reloading {
    rules: Rules,
    asking: Asking,
    means: Means,
    sources: Sources,
    since: SystemTime,
}

impl Reloading {
    pub fn of(session: Session, locked: bool, asking: Asking) -> Self {
        Self::with(session, locked, asking, Over::Stdio)
    }

    /// The same for a server over HTTP; an exposed one is reached by others, and has to ask them who they are.
    #[cfg(feature = "server")]
    pub fn of_server(session: Session, locked: bool, asking: Asking, is_exposed: bool) -> Self {
        Self::with(session, locked, asking, Over::Http { is_exposed })
    }

    fn with(session: Session, locked: bool, asking: Asking, over: Over) -> Self {
        let Session { found, facts, mut sources, since, choice, key_files, .. } = session;
        let rules = Rules { found, choice, locked, over };
        let papers = rules.papers(&session::host(), &sources.files);
        sources.files.extend(papers);
        sources.files.extend(key_files);
        Self { rules, asking, means: facts.means, sources, since }
    }

    /// Keeps the engine at what the files say.
    pub async fn keep_up(self, engine: Arc<Engine>, herald: Herald) -> Infallible {
        let Self { rules, asking, means, sources, since } = self;
        let runtime = Handle::current();
        let load = move |occasion: Occasion| {
            let host = session::host();
            let loaded = config::load(&rules.found.path, &host, &rules.choice);
            let judged = rules.judge(&loaded, &host);
            let mut sources = Sources { files: loaded.files, folders: loaded.folders };
            let papers = rules.papers(&host, &sources.files);
            sources.files.extend(papers);
            sources.files.extend(loaded.catalog.iter().flat_map(|catalog| rules.key_files(catalog)));
            let state = match loaded.catalog {
                // What may not be served runs nothing.
                Some(catalog) => judged.and_then(|images| {
                    let catalog = settled(&runtime, &asking, catalog, &host.environment, occasion)?;
                    let (catalog, vault) = rules.with_keys(catalog, &host.environment)?;
                    Ok(state(catalog, host.environment, vault, means, images))
                }),
                None => Err(loaded.report.render(config::Style::Plain)),
            };
            Attempt { state, sources }
        };
        keep_up(engine, load, sources, since, herald).await
    }
}

/// What has to hold beside a file without errors.
struct Rules {
    found: Found,
    choice: Choice,
    locked: bool,
    over: Over,
}

/// How clients come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Stdio,
    Http { is_exposed: bool },
}

impl Rules {
    /// Whether what was read may be served, or why not.
    fn judge(&self, loaded: &Loaded, host: &Host) -> Result<Option<LockedImages>, String> {
        let evidence = Evidence::of(loaded);
        if self.needs_trust() && loaded.dialect == Dialect::Native {
            match trust::state(&evidence, host).map_err(|problem| problem.to_string())? {
                trust::State::Trusted => {}
                state => return Err(not_trusted(&self.found.path.display().to_string(), &state)),
            }
        }
        let http = loaded.catalog.as_ref().map(|catalog| &catalog.server.http);
        let is_exposed = self.over == Over::Http { is_exposed: true };
        if is_exposed && http.is_some_and(|http| http.auth.is_none() && !http.insecure) {
            return Err("other machines reach this server, and this file would let everyone in".to_owned());
        }
        if !self.locked {
            return Ok(None);
        }
        let agreed = lock::judge(&evidence);
        let agreed = agreed.map_err(|refusal| format!("{refusal}\nhelp: {}", refusal.help()))?;
        Ok(agreed.images())
    }

    fn needs_trust(&self) -> bool {
        self.found.how == How::CurrentDirectory
    }

    /// The catalog with the keys that secrets hold, for a server that asks for them.
    fn with_keys(&self, mut catalog: Catalog, environment: &Environment) -> Result<(Catalog, Vault), String> {
        let vault = Vault::new(catalog.secrets.clone(), catalog.fed.beside(&Arc::new(environment.clone())));
        if self.over != Over::Stdio {
            secret_keys::read(&mut catalog, &vault).map_err(|problem| problem.to_string())?;
        }
        Ok((catalog, vault))
    }

    fn key_files(&self, catalog: &Catalog) -> Vec<PathBuf> {
        if self.over == Over::Stdio { Vec::new() } else { secret_keys::files(catalog) }
    }

    /// The files that this judgement depends on.
    fn papers(&self, host: &Host, files: &[PathBuf]) -> Vec<PathBuf> {
        // The lock lies beside the root, which is the first.
        let lock = files.first().filter(|_| self.locked).map(|root| lock::lock_of(root));
        let store = if self.needs_trust() { trust::store(host) } else { None };
        lock.into_iter().chain(store).collect()
    }
}

/// What is offered, after the server's own runtime has asked. This thread waits.
fn settled(
    runtime: &Handle,
    asking: &Asking,
    mut catalog: Catalog,
    environment: &Environment,
    occasion: Occasion,
) -> Result<Catalog, String> {
    if !asking.has_questions(&catalog) {
        return Ok(catalog);
    }
    let memory = match occasion {
        Occasion::Change => Memory::Kept,
        Occasion::Recheck => Memory::Emptied,
    };
    let (asking, environment) = (asking.clone(), environment.clone());
    let (send, settled) = std::sync::mpsc::channel();
    runtime.spawn(async move {
        asking.settle(&mut catalog, &environment, memory).await;
        // Nobody waits any more when the server ends.
        let _ = send.send(catalog);
    });
    settled.recv().map_err(|_| "the server ends".to_owned())
}

fn state(
    catalog: Catalog,
    environment: Environment,
    vault: Vault,
    means: Means,
    images: Option<LockedImages>,
) -> State {
    let facts = Facts::new(&environment, &catalog.secrets, means).with_locked(images);
    let facts = facts.with_warm_on_stdio(catalog.server.warm.stdio);
    State::new(Arc::new(catalog), facts, Arc::new(vault))
}
