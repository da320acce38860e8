//! A real browser: what pages of strangers can do to a server on this machine, which is nothing, and that a
//! page which the file names can call.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::house::{House, PATIENCE};
use crate::support::server::{STATE, Server, Wire};
use crate::support::skip::skip;
use crate::support::web::{Heard, Web};

const BROWSER: &str = "chromium-headless-shell";
const PAGE: &str = include_str!("browser.html");
const KEY: &str = "a-key-of-a-page-that-is-long";
/// A name that leads to this machine.
const STRANGER: &str = "stranger.test";

const COMMANDS: &str = r#"
commands:
  - name: touch
    description: Leaves a file.
    script: touch
    args: ["called-{{name}}"]
    params: { name: { type: string, pattern: "^[a-z]+$" } }
audit: { file: audit.jsonl }
"#;

struct Browser {
    child: Child,
    _profile: TempDir,
}

impl Browser {
    /// `None` where there is none.
    fn open(url: &str) -> Option<Self> {
        let profile = tempfile::tempdir().expect("a scratch folder");
        let mut command = Command::new(BROWSER);
        // Its own rules for addresses of this machine would hide ours.
        command.args(["--no-sandbox", "--disable-gpu", "--disable-features=LocalNetworkAccessChecks"]);
        command.args(["--remote-debugging-port=0", "--no-proxy-server", "--disable-dev-shm-usage"]);
        command.arg(format!("--host-resolver-rules=MAP {STRANGER} 127.0.0.1"));
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg(url);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        match command.spawn() {
            Ok(child) => Some(Self { child, _profile: profile }),
            Err(_) => {
                skip("pages in a browser (there is no chromium-headless-shell; tests/run installs it)");
                None
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).map(Pid::from_raw);
        let _ = group.map(|group| killpg(group, Signal::SIGKILL));
        let _ = self.child.wait();
    }
}

/// A site with the page, which also takes its reports.
fn site() -> Web {
    Web::start(|heard: &Heard, stream: &mut TcpStream| {
        let (kind, body) = if heard.method == "GET" { ("text/html", PAGE) } else { ("text/plain", "") };
        send(stream, "200 OK", kind, body);
    })
}

fn send(stream: &mut TcpStream, status: &str, kind: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

/// What a page of this origin says of its work.
async fn reported(origin: &str, site: &Web, work: &str, server: &str) -> Option<Value> {
    let report = format!("{}/report-{work}", site.url());
    let _browser =
        Browser::open(&format!("{origin}/page?work={work}&server={server}&key={KEY}&report={report}"))?;
    Some(report_of(site, work).await)
}

async fn report_of(site: &Web, work: &str) -> Value {
    let begun = Instant::now();
    loop {
        let heard = site.heard();
        if let Some(report) = heard.iter().find(|heard| heard.target == format!("/report-{work}")) {
            return serde_json::from_str(&report.body).expect("a report is JSON");
        }
        assert!(begun.elapsed() < PATIENCE, "the page says nothing: {heard:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn called(house: &House) -> Vec<String> {
    let files = std::fs::read_dir(house.server.folder.path()).unwrap().map(|file| file.unwrap().file_name());
    files.filter_map(|name| name.to_str()?.strip_prefix("called-").map(str::to_owned)).collect()
}

fn turned_away(house: &House) -> usize {
    let log = std::fs::read_to_string(house.server.folder.path().join("audit.jsonl")).unwrap_or_default();
    log.lines().filter(|line| line.contains(r#""event":"request.refused""#)).count()
}

#[tokio::test]
async fn a_page_of_a_stranger_calls_nothing_whatever_it_tries() {
    let site = site();
    let house = House::start(COMMANDS).await;
    let origin = format!("http://{STRANGER}:{}", site.address.port());
    let server = format!("http://{}", house.address);
    let Some(said) = reported(&origin, &site, "everything", &server).await else { return };
    for asked in ["json", "root", "key"] {
        assert_eq!(said[asked], "TypeError", "{asked} has to be asked for, and is not let: {said}");
    }
    for unasked in ["simple", "credentials", "listen"] {
        assert_eq!(said[unasked], "opaque", "{unasked} is sent, and says nothing: {said}");
    }
    assert_eq!(
        [&said["form"], &said["nobody"], &said["beacon"]],
        [&json!("sent"), &json!("sent"), &json!(true)]
    );
    assert_eq!(called(&house), Vec::<String>::new());
    // They have come, and were refused for where they came from.
    super::house::until("they are refused", || turned_away(&house) >= 6).await;
}

#[tokio::test]
async fn a_page_that_the_file_names_calls_and_reads_the_answer() {
    let site = site();
    let file = format!(
        "{COMMANDS}server:\n  http:\n    cors: {{ allowed_origins: [\"{}\"] }}\n    auth: {{ api_keys: [{{ name: page, key: {KEY} }}] }}\n",
        site.url()
    );
    let house = House::start(&file).await;
    let server = format!("http://{}", house.address);
    let Some(said) = reported(&site.url(), &site, "client", &server).await else { return };
    assert_eq!(said["client"], "mcpfier false", "{said}");
    assert_eq!(called(&house), ["client"]);
    // The same page under another name is a stranger.
    let other = format!("http://{STRANGER}:{}", site.address.port());
    let report = format!("{}/report-stranger", site.url());
    let page = format!("{other}/page?work=client&server={server}&key={KEY}&report={report}");
    let _browser = Browser::open(&page).expect("it opened before");
    assert_eq!(report_of(&site, "stranger").await["client"], "TypeError");
    assert_eq!(called(&house), ["client"]);
}

#[tokio::test]
async fn a_name_that_leads_here_after_its_page_was_read_leads_nowhere() {
    let site = site();
    // The stranger's own server, in whose place ours stands then: for the browser it is one origin.
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let report = format!("{}/report-rebound", site.url());
    let page = format!("http://{STRANGER}:{port}/page?work=rebound&report={report}");
    let Some(_browser) = Browser::open(&page) else { return };
    let serving = std::thread::spawn(move || {
        for stream in stranger.incoming() {
            let mut stream = stream.unwrap();
            let mut heard = [0; 4096];
            let read = std::io::Read::read(&mut stream, &mut heard).unwrap_or(0);
            let is_page = heard[..read].starts_with(b"GET /page");
            let is_work = heard[..read].starts_with(b"POST /mcp");
            match is_page {
                true => send(&mut stream, "200 OK", "text/html", PAGE),
                false => send(&mut stream, "418 No", "text/plain", ""),
            }
            // The page is at work, and this one makes room.
            if is_work {
                return;
            }
        }
    });
    tokio::task::spawn_blocking(|| serving.join()).await.unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{COMMANDS}")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command
        .env_remove("PORT")
        .env("XDG_STATE_HOME", STATE)
        .arg("--config")
        .arg(folder.path().join("tools.yaml"));
    command.args(["--server", "--port", &port.to_string()]);
    let house = House::of(Server::run(Wire::Pipes, folder, command)).await;
    assert_eq!(report_of(&site, "rebound").await["rebound"], 403);
    assert_eq!(called(&house), Vec::<String>::new());
}
