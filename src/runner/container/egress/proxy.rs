//! The proxy of a container: one request a connection, so that nothing rides on what was decided
//! about another.

use std::io;
use std::time::Duration;

use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy,
    copy_bidirectional_with_sizes,
};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::model::HostName;

use super::body::forward;
use super::gate::{Gate, Refusal};
use super::head::{BadHead, Body, LONGEST, Request, parse};

/// For the whole head.
const HEAD: Duration = Duration::from_secs(10);
/// For whoever was refused to read why.
const GOODBYE: Duration = Duration::from_secs(2);
/// What is read at once, in each direction.
pub const PIECE: usize = 16 * 1024;

pub async fn serve<R, W>(from: R, mut to: W, gate: &Gate) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut from = BufReader::with_capacity(PIECE, from);
    let request = match timeout(HEAD, head(&mut from)).await {
        Ok(Ok(head)) => parse(&head),
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Err(BadHead::TooLong),
        // Whoever says nothing is told nothing.
        Ok(Err(_)) | Err(_) => return Ok(()),
    };
    let (host, port) = match &request {
        Ok(Request::Connect { host, port } | Request::Forward { host, port, .. }) => (host.clone(), *port),
        Err(problem) => {
            gate.denials.add(&format!("a request to the proxy was refused: {problem}"));
            return refuse(&mut from, &mut to, "400 Bad Request", &problem.to_string()).await;
        }
    };
    let stream = match gate.connect(&host, port).await {
        Ok(stream) => stream,
        Err(refusal) => return refuse(&mut from, &mut to, status(&refusal), &refusal.to_string()).await,
    };
    match request {
        Ok(Request::Forward { head, body, .. }) => exchange(from, to, stream, &head, body).await,
        _ => tunnel(from, to, stream).await,
    }
}

fn status(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unresolved { .. } | Refusal::Unreachable { .. } => "502 Bad Gateway",
        Refusal::NotListed { .. }
        | Refusal::Private { .. }
        | Refusal::Special { .. }
        | Refusal::ThisHost { .. } => "403 Forbidden",
    }
}

/// Up to the empty line.
async fn head<R: AsyncRead + Unpin>(from: &mut BufReader<R>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    loop {
        let left = (LONGEST - head.len()) as u64;
        let count = (&mut *from).take(left).read_until(b'\n', &mut head).await?;
        match count {
            0 if left == 0 => return Err(io::ErrorKind::InvalidData.into()),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n") => return Ok(head),
            _ => {}
        }
    }
}

async fn tunnel<R, W>(from: BufReader<R>, mut to: W, mut stream: TcpStream) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    to.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    let mut client = tokio::io::join(from, to);
    copy_bidirectional_with_sizes(&mut client, &mut stream, PIECE, PIECE).await.map(drop)
}

/// One request, and its answer until the server is done.
async fn exchange<R, W>(
    mut from: BufReader<R>,
    mut to: W,
    stream: TcpStream,
    head: &str,
    body: Body,
) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (mut answer, mut server) = stream.into_split();
    let send = async {
        let sent = async {
            server.write_all(head.as_bytes()).await?;
            forward(&mut from, &mut server, body).await
        };
        if sent.await.is_err() {
            // The server sees that it is not whole.
            let _ = server.shutdown().await;
        }
        // Some servers take a connection that is half closed for one that was given up.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        copied = copy(&mut answer, &mut to) => copied?,
        () = send => 0,
    };
    to.shutdown().await
}

async fn refuse<R, W>(from: &mut R, to: &mut W, status: &str, reason: &str) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let text = format!("mcpfier: {reason}\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    to.write_all(head.as_bytes()).await?;
    to.write_all(text.as_bytes()).await?;
    to.shutdown().await?;
    // What was sent and is not read would take the answer away with it.
    let mut rest = from.take(1024 * 1024);
    let _ = timeout(GOODBYE, copy(&mut rest, &mut tokio::io::sink())).await;
    Ok(())
}

/// A connection that is led to the one destination of its door.
pub async fn lead(mut client: TcpStream, host: &HostName, port: u16, gate: &Gate) -> io::Result<()> {
    match gate.connect(host, port).await {
        Ok(mut server) => {
            copy_bidirectional_with_sizes(&mut client, &mut server, PIECE, PIECE).await.map(drop)
        }
        // As if nobody had ever listened.
        Err(_) => client.set_zero_linger(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::gate::NamesOfHost;
    use super::*;
    use crate::model::{Destination, DestinationHost};

    /// A server that tells what it got, once it got this much.
    async fn server(ends: &'static [u8]) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            while !got.ends_with(ends) {
                stream.read_buf(&mut got).await.unwrap();
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ndone").await.unwrap();
            got
        });
        (port, task)
    }

    fn gate(port: u16) -> Gate {
        let host = DestinationHost::Address("127.0.0.1".parse().unwrap());
        Gate::new(&[Destination { host, port, private: false }], &[], Box::new(NamesOfHost))
    }

    /// What the proxy answers to this.
    async fn answer(gate: &Gate, request: &[u8]) -> String {
        let (client, proxy) = tokio::io::duplex(1 << 20);
        let (from, to) = tokio::io::split(proxy);
        let (mut reader, mut writer) = tokio::io::split(client);
        let asking = async {
            writer.write_all(request).await.unwrap();
            let mut answer = Vec::new();
            reader.read_to_end(&mut answer).await.unwrap();
            writer.shutdown().await.unwrap();
            answer
        };
        let (answer, served) = tokio::join!(asking, serve(from, to, gate));
        served.unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_second_request_on_a_connection_goes_nowhere() {
        let (port, server) = server(b"\r\n\r\nabc").await;
        let request = format!(
            "POST http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: other\r\nContent-Length: 3\r\n\r\nabc\
             GET http://evil.example/ HTTP/1.1\r\n\r\n"
        );
        let answer = answer(&gate(port), request.as_bytes()).await;
        assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
        let got = String::from_utf8(server.await.unwrap()).unwrap();
        assert!(got.starts_with(&format!("POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")), "{got}");
        assert!(!got.contains("evil"), "{got}");
    }

    #[tokio::test]
    async fn what_is_sent_right_after_connect_is_the_tunnels() {
        let (port, server) = server(b"hello").await;
        let request = format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\nhello");
        let answer = answer(&gate(port), request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200"), "{answer}");
        assert_eq!(server.await.unwrap(), b"hello");
    }

    #[tokio::test]
    async fn whoever_is_refused_hears_why() {
        let bomb = format!("GET http://a.b/ HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(100_000));
        for (request, status, reason) in [
            ("CONNECT 127.0.0.1:2 HTTP/1.1\r\n\r\n", "403 Forbidden", "`127.0.0.1:2`, which `network.allow`"),
            ("GET http://a.b/ HTTP/1.1\r\n\r\n", "403 Forbidden", "`a.b:80`, which `network.allow`"),
            ("CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n", "502 Bad Gateway", "connection refused"),
            ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "this is a proxy"),
            ("nonsense\n\n", "400 Bad Request", "no request of HTTP"),
            (&bomb, "400 Bad Request", "longer than what is read"),
        ] {
            let gate = gate(1);
            let answer = answer(&gate, request.as_bytes()).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
            assert!(answer.contains(reason), "{answer}");
            assert!(gate.denials.report().unwrap().contains(reason));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_is_not_waited_for() {
        let (mut client, proxy) = tokio::io::duplex(1024);
        let (from, to) = tokio::io::split(proxy);
        client.write_all(b"GET http://a.b/ HTTP/1.1\r\n").await.unwrap();
        serve(from, to, &gate(1)).await.unwrap();
    }
}
