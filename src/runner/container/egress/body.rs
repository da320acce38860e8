//! The body of a request on its way to the server: exactly as much as its head says, so that what
//! follows it is no second request.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::head::Body;

/// The line before a chunk, and all lines after the last one.
const LINE: u64 = 1024;
const TRAILERS: u64 = 16 * 1024;

pub async fn forward<R, W>(from: &mut R, to: &mut W, body: Body) -> Result<()>
where
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin,
{
    match body {
        Body::Empty => {}
        Body::Length(length) => copy(from, to, length).await?,
        Body::Chunked => while chunk(from, to).await? {},
    }
    to.flush().await
}

async fn copy<R, W>(from: &mut R, to: &mut W, length: u64) -> Result<()>
where
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let copied = tokio::io::copy_buf(&mut from.take(length), to).await?;
    if copied == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Whether another one follows.
async fn chunk<R, W>(from: &mut R, to: &mut W) -> Result<bool>
where
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let line = line(from, LINE).await?;
    let size = size(&line).ok_or_else(|| bad("a chunk has no size"))?;
    // Written anew: no server can see another size in it.
    to.write_all(format!("{size:x}\r\n").as_bytes()).await?;
    if size > 0 {
        copy(from, to, size).await?;
        let mut end = [0; 2];
        from.read_exact(&mut end).await?;
        if &end != b"\r\n" {
            return Err(bad("a chunk is longer than its size"));
        }
        to.write_all(&end).await?;
        return Ok(true);
    }
    skip_trailers(from).await?;
    to.write_all(b"\r\n").await?;
    Ok(false)
}

/// What is said after a body changes nothing about it.
async fn skip_trailers<R: AsyncBufRead + Unpin>(from: &mut R) -> Result<()> {
    let mut left = TRAILERS;
    loop {
        let line = line(from, left).await?;
        if line.is_empty() {
            return Ok(());
        }
        left = left.saturating_sub(line.len() as u64 + 2);
    }
}

/// Without its end.
async fn line<R: AsyncBufRead + Unpin>(from: &mut R, longest: u64) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(longest).read_until(b'\n', &mut line).await?;
    match line.strip_suffix(b"\r\n") {
        Some(text) if !text.contains(&b'\r') => Ok(text.to_vec()),
        _ => Err(bad("a line has no end")),
    }
}

/// Hexadecimal digits, and perhaps what nobody uses after them.
fn size(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?;
    let digits = text.split(';').next()?.trim_end_matches([' ', '\t']);
    let is_number = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

fn bad(problem: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn forwarded(text: &[u8], body: Body) -> (bool, String, String) {
        let mut from = text;
        let mut to = Vec::new();
        let is_good = forward(&mut from, &mut to, body).await.is_ok();
        (is_good, String::from_utf8(to).unwrap(), String::from_utf8_lossy(from).into_owned())
    }

    #[tokio::test]
    async fn what_follows_a_body_stays() {
        let next = "GET http://evil.example/ HTTP/1.1\r\n\r\n";
        for (text, body, expected) in [
            (String::new(), Body::Empty, ""),
            ("abc".to_owned(), Body::Length(3), "abc"),
            (
                "3;x=y\r\nabc\r\n0A \r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n".to_owned(),
                Body::Chunked,
                "3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n",
            ),
        ] {
            let found = forwarded(format!("{text}{next}").as_bytes(), body).await;
            assert_eq!(found, (true, expected.to_owned(), next.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_body_that_is_none_ends_it() {
        let endless = format!("0\r\n{}\r\n", "A: b\r\n".repeat(4000));
        for text in [
            "",
            "3\r\nab",
            "3\r\nabcd\r\n",
            "-3\r\n",
            "+3\r\n",
            "0x3\r\n",
            "\r\n",
            "3\nabc\r\n",
            "x\r\n",
            "ffffffffffffffff\r\n",
            "3;\r;\r\nabc\r\n",
            &endless,
        ] {
            assert!(!forwarded(text.as_bytes(), Body::Chunked).await.0, "{text:?}");
        }
        assert!(!forwarded(b"ab", Body::Length(3)).await.0);
    }
}
