//! Encrypted and other protocols through a list of destinations, from real images: nobody in between
//! holds a key, and a program that checks certificates finds the right one.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mcpfier::model::{Destination, DestinationHost, HostName, Network};
use mcpfier::plan::PlannedMount;
use mcpfier::runner::End;

use super::{Bench, LONG, bench, known};
use crate::support::certificates::make_certificates;
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

/// So much of a database that a client believes it: no encryption, nobody is asked who he is, one
/// answer to whatever is asked.
fn database() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || drop(answer(stream)));
        }
    });
    port
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let message = |kind: u8, body: &[u8]| {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind], &length[..], body].concat()
    };
    let read = |stream: &mut TcpStream, has_kind: bool| -> std::io::Result<(u8, Vec<u8>)> {
        let mut kind = [0];
        if has_kind {
            stream.read_exact(&mut kind)?;
        }
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        stream.read_exact(&mut body)?;
        Ok((kind[0], body))
    };
    // Whoever asks whether it speaks TLS is told that it does not.
    while read(&mut stream, false)?.1.starts_with(&[4, 210]) {
        stream.write_all(b"N")?;
    }
    let version = message(b'S', b"server_version\x0015.0\0");
    let ready = message(b'Z', b"I");
    stream.write_all(&[message(b'R', &[0; 4]), version, ready.clone()].concat())?;
    loop {
        match read(&mut stream, true)?.0 {
            b'Q' => {
                let column =
                    [&1_u16.to_be_bytes()[..], b"said\0", &[0; 6], &25_u32.to_be_bytes(), &[255; 6], &[0; 2]];
                let row = [&1_u16.to_be_bytes()[..], &5_u32.to_be_bytes(), b"hello"].concat();
                let all = [
                    message(b'T', &column.concat()),
                    message(b'D', &row),
                    message(b'C', b"SELECT 1\0"),
                    ready.clone(),
                ];
                stream.write_all(&all.concat())?;
            }
            _ => return Ok(()),
        }
    }
}

#[tokio::test]
async fn a_client_of_a_database_connects_to_the_name_that_is_listed() {
    let port = database();
    let words = |host: &str| {
        ["--no-psqlrc", "--tuples-only", "--no-align", "--host", host, "--port", &port.to_string()]
            .map(known)
            .into_iter()
            .chain(["--username", "reader", "--dbname", "x", "--command", "SELECT 1"].map(known))
            .collect::<Vec<_>>()
    };
    for (host, listed) in [("db.test", "db.test"), ("other.test", "db.test")] {
        let Some(bench) = of_image(PSQL, &["psql"]) else { return };
        let bench = bench.with(|plan| {
            plan.lockdown.user = None;
            plan.network = Network::Only(vec![name(listed, port)]);
            plan.hosts = vec![("db.test".to_owned(), Ipv4Addr::LOCALHOST.into())];
            plan.arguments = words(host);
        });
        let ran = bench.run().await;
        match host == listed {
            true => ran.says("hello\n"),
            false => assert!(
                ran.stderr.contains("could not translate host name")
                    && ran.stderr.contains("the name `other.test` is not resolved"),
                "{ran:?}"
            ),
        }
    }
}
