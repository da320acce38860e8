//! Building an image by the engine: what it is built of goes in, what its steps say comes out.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::body_try_stream;
use bollard::models::{BuildInfo, CreateImageInfo};
use bollard::query_parameters::{BuildImageOptions, TagImageOptions};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::connection::{Connection, Trouble};
use super::credentials::{credentials, registry};
use super::failure::ContainerFailure;
use super::layers::Layers;
use super::meanwhile::{ATTEMPTS, was_removed};
use super::{old_builds, pull};
use crate::plan::{Environment, PlannedBuild};
use crate::runner::Teller;
use crate::runner::build::{self, BadContext, Context};

const DOING: &str = "to build the image";
/// How long a step may say nothing.
const SILENCE: Duration = Duration::from_secs(30 * 60);
/// Pieces of the archive that wait for the engine.
const WAITING: usize = 8;
/// How many of its last lines a step that has failed is told with.
const LAST_LINES: usize = 12;

/// One image to be built: what of, by which engine, and who hears of it.
pub struct Building<'a> {
    pub connection: &'a Connection,
    pub environment: &'a Environment,
    pub planned: &'a PlannedBuild,
    pub platform: Option<&'a str>,
    pub news: &'a Teller,
}

impl Building<'_> {
    pub async fn build(&self) -> Result<(), ContainerFailure> {
        let Self { connection, planned, .. } = *self;
        let folder = planned.context().display().to_string();
        tracing::info!("building the image `{}` of `{folder}`", planned.tag);
        let bad = |problem: String| ContainerFailure::NotBuildable { folder: folder.clone(), problem };
        let mut attempts = 1;
        while let Err(unbuilt) = self.attempt().await {
            match unbuilt {
                Unbuilt::Said { message, .. } if attempts < ATTEMPTS && was_removed(&message) => {
                    tracing::debug!("building anew what was removed meanwhile: {message}");
                    attempts += 1;
                }
                Unbuilt::Said { told, .. } | Unbuilt::Context(told) => return Err(bad(told)),
                Unbuilt::Away(failure) => return Err(failure),
            }
        }
        if let Some(name) = &planned.what.name {
            tag(connection, &planned.tag, name).await?;
        }
        tracing::info!("the image `{}` is built", planned.tag);
        old_builds::replaced(connection, planned).await;
        Ok(())
    }

    async fn attempt(&self) -> Result<(), Unbuilt> {
        let Self { connection, environment, planned, platform, news } = *self;
        let context =
            look(planned, platform).await.map_err(|problem| Unbuilt::Context(problem.to_string()))?;
        if context.digest != planned.digest {
            return Err(Unbuilt::Context("it was changed since the call was planned; try again".to_owned()));
        }
        let bases = build::bases(&context.dockerfile_text, &planned.what.args);
        let credentials = logins(environment, &bases).await;
        let options = options(planned, platform, &context);
        let (archive, mut broken) = archive(context);
        let mut told = connection.docker.build_image(options, credentials, Some(body_try_stream(archive)));
        let mut steps = Steps::default();
        loop {
            let next = tokio::time::timeout(SILENCE, told.next()).await;
            match next.map_err(|_| Unbuilt::Away(ContainerFailure::Slow { doing: DOING, after: SILENCE }))? {
                Some(Ok(info)) => steps.hear(info, news).await,
                Some(Err(error)) => {
                    if let Ok(problem) = broken.try_recv() {
                        return Err(Unbuilt::Context(problem));
                    }
                    return Err(match connection.trouble(DOING, error) {
                        Trouble::Away(failure) => Unbuilt::Away(failure),
                        Trouble::Said { message, .. } => {
                            Unbuilt::Said { told: steps.failed(&message), message }
                        }
                    });
                }
                None => return Ok(()),
            }
        }
    }
}

/// Why there is no image.
enum Unbuilt {
    /// What it is built of is not as it was planned.
    Context(String),
    /// The engine said so, and what is told of it.
    Said {
        message: String,
        told: String,
    },
    Away(ContainerFailure),
}

/// Reads all of it, beside other calls.
async fn look(planned: &PlannedBuild, platform: Option<&str>) -> Result<Context, BadContext> {
    let (what, platform) = (planned.what.clone(), platform.map(str::to_owned));
    let path = what.context.clone();
    let looked = tokio::task::spawn_blocking(move || build::look(&what, platform.as_deref())).await;
    looked.unwrap_or_else(|error| Err(BadContext::Unreadable { path, problem: error.to_string() }))
}

/// For the registries that the images come from with which it begins.
async fn logins(environment: &Environment, bases: &[String]) -> Option<HashMap<String, DockerCredentials>> {
    let mut logins = HashMap::new();
    for base in bases {
        let registry = registry(base);
        if !logins.contains_key(registry)
            && let Some(found) = credentials(environment, registry).await
        {
            logins.insert(registry.to_owned(), found);
        }
    }
    (!logins.is_empty()).then_some(logins)
}

fn options(planned: &PlannedBuild, platform: Option<&str>, context: &Context) -> BuildImageOptions {
    BuildImageOptions {
        dockerfile: context.dockerfile.clone(),
        t: Some(planned.tag.clone()),
        buildargs: Some(planned.what.args.iter().cloned().collect()),
        labels: Some(planned.labels().into_iter().collect()),
        platform: platform.unwrap_or_default().to_owned(),
        target: planned.what.target.clone().unwrap_or_default(),
        // Nothing of a build is left but its image, also of one that fails.
        rm: true,
        forcerm: true,
        ..BuildImageOptions::default()
    }
}

/// The archive as it is written by a thread, and why that ended early.
fn archive(
    context: Context,
) -> (impl Stream<Item = io::Result<Bytes>> + Send + 'static, mpsc::Receiver<String>) {
    let (pieces, written) = mpsc::channel::<io::Result<Bytes>>(WAITING);
    let (problem, broken) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let hand_on = |piece| {
            let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
            pieces.blocking_send(Ok(Bytes::from(piece))).map_err(gone)
        };
        if let Err(error) = build::write(&context, hand_on) {
            let _ = problem.try_send(error.to_string());
            let _ = pieces.blocking_send(Err(error));
        }
    });
    let stream =
        futures_util::stream::unfold(
            written,
            |mut written| async move { Some((written.recv().await?, written)) },
        );
    (stream, broken)
}

async fn tag(connection: &Connection, image: &str, name: &str) -> Result<(), ContainerFailure> {
    let (repo, tag) = pull::parts(name);
    let options = TagImageOptions { repo: Some(repo.to_owned()), tag: Some(tag.to_owned()) };
    let tagged = connection.docker.tag_image(image, Some(options));
    Ok(connection.answer("to name the image", tagged).await?)
}

/// What a build says: which step it is at, and its last lines.
#[derive(Default)]
struct Steps {
    unfinished: String,
    step: Option<String>,
    last: VecDeque<String>,
    base: Option<Layers>,
}

impl Steps {
    async fn hear(&mut self, info: BuildInfo, news: &Teller) {
        if info.status.is_some() {
            return self.hear_of_base(info, news);
        }
        self.unfinished.push_str(&info.stream.unwrap_or_default());
        while let Some((line, rest)) = self.unfinished.split_once('\n') {
            let (line, rest) = (plain(line), rest.to_owned());
            self.unfinished = rest;
            if !line.trim().is_empty() {
                if step_of(&line).is_some() {
                    tracing::info!("{line}");
                } else {
                    tracing::debug!("{line}");
                }
                self.note(&line);
                news.line(line).await;
            }
        }
    }

    /// An image with which it begins is pulled.
    fn hear_of_base(&mut self, info: BuildInfo, news: &Teller) {
        let step = self.step.as_deref().unwrap_or_default();
        let image = step.split_whitespace().last().unwrap_or("an image").to_owned();
        let info = CreateImageInfo {
            id: info.id,
            status: info.status,
            progress_detail: info.progress_detail,
            ..CreateImageInfo::default()
        };
        let base = self.base.get_or_insert_with(|| Layers::of(&image));
        if let Some(line) = base.hear(&info, Instant::now()) {
            news.state(line);
        }
    }

    fn note(&mut self, line: &str) {
        if let Some(step) = step_of(line) {
            self.step = Some(step);
            self.last.clear();
            self.base = None;
            return;
        }
        // The engine's own words on containers and images that come and go.
        let own = [" ---> ", "--> ", "Removing intermediate container ", "COMMIT "];
        if own.iter().any(|own| line.starts_with(own)) {
            return;
        }
        self.last.push_back(line.to_owned());
        if self.last.len() > LAST_LINES {
            self.last.pop_front();
        }
    }

    /// The step that has failed, why, and what it said last.
    fn failed(&mut self, message: &str) -> String {
        let rest = std::mem::take(&mut self.unfinished);
        if !rest.trim().is_empty() {
            self.note(&plain(&rest));
        }
        let step = self.step.as_deref().and_then(|step| step.split_once(" : "));
        let at = match step {
            Some((number, text)) => format!("step {number} (`{text}`): "),
            None => String::new(),
        };
        // Podman says again which step it is.
        let message = match step.and_then(|(_, text)| message.split_once(&format!("{text:?}: "))) {
            Some((_, rest)) => rest,
            None => message,
        };
        let lines: Vec<String> = self.last.iter().map(|line| format!("\n  {line}")).collect();
        let said =
            if lines.is_empty() { String::new() } else { format!("; its last lines:{}", lines.concat()) };
        format!("{at}{}{said}", message.trim())
    }
}

/// `2/3 : RUN make`, as Docker tells it; Podman's line is the same in other letters.
fn step_of(line: &str) -> Option<String> {
    if let Some(step) = line.strip_prefix("Step ") {
        return Some(step.to_owned());
    }
    let (number, text) = line.strip_prefix("STEP ")?.split_once(": ")?;
    Some(format!("{number} : {text}"))
}

/// Without colours, and without what was drawn over.
fn plain(line: &str) -> String {
    let line = line.trim_end().rsplit('\r').next().unwrap_or_default();
    let mut parts = line.split("\u{1b}[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(
            part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').get(1..).unwrap_or_default(),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_fails_is_told_with_its_last_lines() {
        let mut steps = Steps::default();
        for text in [
            "Step 1/2 : FROM x\n",
            " ---> 00\n",
            "Step 2/2 : RUN make",
            " it\n",
            "\u{1b}[91mone\r\n\u{1b}[0mRemoving intermediate container 1\n",
            "1%\r2%\rtwo\n",
            "thr",
        ] {
            let info = BuildInfo { stream: Some(text.to_owned()), ..BuildInfo::default() };
            steps.hear(info, &Teller::default()).await;
        }
        let told = steps.failed("it returned a non-zero code: 1\n");
        let expected =
            "step 2/2 (`RUN make it`): it returned a non-zero code: 1; its last lines:\n  one\n  two\n  thr";
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn podman_tells_the_same() {
        let mut steps = Steps::default();
        for text in ["STEP 1/2: FROM x\n", "--> 00\n", "STEP 2/2: RUN echo \"a\"\n", "one\n"] {
            let info = BuildInfo { stream: Some(text.to_owned()), ..BuildInfo::default() };
            steps.hear(info, &Teller::default()).await;
        }
        let message = r#"building at STEP "RUN echo \"a\"": while running runtime: exit status 3"#;
        let expected =
            "step 2/2 (`RUN echo \"a\"`): while running runtime: exit status 3; its last lines:\n  one";
        assert_eq!(steps.failed(message), expected);
    }
}
