//! Encrypted and other protocols through a list of destinations, from real images: nobody in between
//! holds a key, and a program that checks certificates finds the right one.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mcpfier::model::{Destination, DestinationHost, HostName, Network};
use mcpfier::plan::PlannedMount;
use mcpfier::runner::End;

use super::{Bench, LONG, bench, known};
use crate::support::certificates::make_certificates;
use crate::support::database::{Database, PASSWORD, USER};
use crate::support::skip::skip;

const PYTHON: &str = "mcpfier-test/python:1";
const PSQL: &str = "mcpfier-test/psql:1";

/// A server of this host, killed with this value.
struct Served(Child, u16);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn secure_web(folder: &std::path::Path) -> Served {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new("openssl");
    server.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}"), "-cert", "server.pem"]);
    server.args(["-key", "server.key"]).current_dir(folder);
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let served = Served(server.spawn().expect("openssl starts"), port);
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < LONG, "nobody listens");
        std::thread::sleep(Duration::from_millis(20));
    }
    served
}

/// A container of an image that `tests/run` makes, if it is there.
fn of_image(image: &str, program: &[&str]) -> Option<Bench> {
    let bench = bench(program)?;
    if !bench.engine.command(&["image", "inspect", image]).output().ok()?.status.success() {
        if !bench.engine.is_podman {
            skip(&format!("programs that speak through a list (`tests/run` makes `{image}`)"));
        }
        return None;
    }
    Some(bench.with(|plan| plan.image = image.to_owned()))
}

fn name(host: &str, port: u16) -> Destination {
    let host = match host.strip_prefix("*.") {
        Some(below) => DestinationHost::Below(below.to_owned()),
        None => match HostName::parse(host) {
            Ok(HostName::Name(name)) => DestinationHost::Name(name),
            _ => panic!("{host} is no name"),
        },
    };
    Destination { host, port, private: false }
}

/// Asks by HTTPS as programs do: by the proxy if the variables name one, with its certificate checked.
const ASK: &str = "
import os, ssl, sys, urllib.request
checked = ssl.create_default_context(cafile=sys.argv[1])
if sys.argv[3] == 'direct':
    urllib.request.install_opener(urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=checked)))
else:
    assert os.environ['HTTPS_PROXY']
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.HTTPSHandler(context=checked)))
try:
    page = urllib.request.urlopen(sys.argv[2], timeout=20)
    print(page.status, b's_server' in page.read())
except Exception as error:
    print(getattr(error, 'reason', error))
";

#[tokio::test]
async fn a_request_by_https_is_checked_from_end_to_end() {
    let Some(first) = of_image(PYTHON, &["python3"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let server = secure_web(folder.path());
    let port = server.1;
    let ask = async |host: &str, authority: &str, how: &str, listed: &str| {
        let Some(bench) = of_image(PYTHON, &["python3"]) else { return String::new() };
        let mut list = vec![name(listed, port)];
        list.sort();
        let bench = bench.with(|plan| {
            plan.mounts = vec![PlannedMount {
                source: folder.path().join(authority),
                target: "/authority.pem".to_owned(),
                read_only: true,
            }];
            plan.lockdown.user = None;
            plan.limits.memory = None;
            plan.network = Network::Only(list);
            plan.hosts = [host].map(|host| (host.to_owned(), Ipv4Addr::LOCALHOST.into())).into();
            plan.variables = vec![("HTTPS_PROXY".to_owned(), known("http://127.77.0.1:3128"))];
            let url = format!("https://{host}:{port}/");
            plan.arguments = ["-c", ASK, "/authority.pem", &url, how].map(known).into();
        });
        let ran = bench.run().await;
        assert_eq!(ran.end, End::Success, "{ran:?}");
        ran.text()
    };
    drop(first);
    // By its name, as if there were a network; below a name, through the proxy.
    assert_eq!(ask("db.test", "ca.pem", "direct", "db.test").await, "200 True\n");
    assert_eq!(ask("db.test", "ca.pem", "proxy", "db.test").await, "200 True\n");
    assert_eq!(ask("api.db.test", "ca.pem", "proxy", "*.db.test").await, "200 True\n");
    // Another authority, and another name than the certificate has.
    let refused = ask("db.test", "other-ca.pem", "proxy", "db.test").await;
    assert!(refused.contains("CERTIFICATE_VERIFY_FAILED"), "{refused}");
    let refused = ask("other.test", "ca.pem", "proxy", "other.test").await;
    assert!(refused.contains("CERTIFICATE_VERIFY_FAILED") && refused.contains("mismatch"), "{refused}");
}

#[tokio::test]
async fn a_client_of_a_database_connects_to_the_name_that_is_listed() {
    let Some(database) = Database::start() else { return };
    let port = database.port;
    let ask = async |host: &str, how: &str| {
        let bench = of_image(PSQL, &["psql"])?;
        let words = format!("host={host} port={port} dbname=postgres user={USER} {how}");
        let asked = "SELECT 'encrypted: ' || ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let authority = |name: &str| PlannedMount {
            source: database.certificate(name),
            target: format!("/{name}"),
            read_only: true,
        };
        let bench = bench.with(|plan| {
            plan.mounts = ["ca.pem", "other-ca.pem"].map(authority).into();
            plan.lockdown.user = None;
            plan.network = Network::Only(vec![name("db.test", port)]);
            plan.hosts = vec![("db.test".to_owned(), Ipv4Addr::LOCALHOST.into())];
            plan.variables = vec![("PGPASSWORD".to_owned(), known(PASSWORD))];
            let words = ["--no-psqlrc", "--tuples-only", "--no-align", "--command", asked, &words];
            plan.arguments = words.map(known).into();
        });
        Some(bench.run().await)
    };
    for (how, said) in [
        ("sslmode=disable", "encrypted: false\n"),
        ("sslmode=verify-full sslrootcert=/ca.pem", "encrypted: true\n"),
    ] {
        let Some(ran) = ask("db.test", how).await else { return };
        ran.says(said);
    }
    for (host, how, told) in [
        ("db.test", "sslmode=verify-full sslrootcert=/other-ca.pem", "certificate verify failed"),
        ("other.test", "sslmode=disable", "could not translate host name"),
        ("other.test", "sslmode=disable", "the name `other.test` is not resolved"),
    ] {
        let Some(ran) = ask(host, how).await else { return };
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
}
