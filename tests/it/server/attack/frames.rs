//! Frames of HTTP/2 that are made to cost the server more than those who send them.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::house::{COMMANDS, House, PATIENCE, call, until};
use super::{let_go, memory, serves};
use crate::support::processes::{mark, marked};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What nobody who means well sends on one connection.
const FLOOD: usize = 64 << 20;
/// What the server may have more than before, while it is attacked and afterwards.
const MORE: usize = 32 << 20;

/// Whoever looks for it finds its mark in its command line.
const STAY: &str = "  - { name: stay, description: Stays., shell: sh, run: 'sh -c \"sleep 1000; :\" \"$PARAM_mark\"', params: { mark: { type: string } } }";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A number in HPACK, in what is left of a byte.
fn number(first: u8, bits: u32, value: usize) -> Vec<u8> {
    let most = (1_usize << bits) - 1;
    if value < most {
        return vec![first | u8::try_from(value).unwrap()];
    }
    let (mut rest, mut written) = (value - most, vec![first | u8::try_from(most).unwrap()]);
    while rest >= 128 {
        written.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    written.push(u8::try_from(rest).unwrap());
    written
}

fn word(text: &str) -> Vec<u8> {
    [number(0, 7, text.len()), text.as_bytes().to_vec()].concat()
}

/// The head of a request; `:method` and `:scheme` stand in the table that all have.
fn head(house: &House, method: u8, path: &str) -> Vec<u8> {
    let mut head = vec![method, 0x86, 0x04];
    head.extend(word(path));
    head.push(0x01);
    head.extend(word(&house.address.to_string()));
    head
}

/// `:method` and `:status`, as they stand in the table that all have.
const GET: u8 = 0x82;
const POST: u8 = 0x83;
const OK: u8 = 0x88;

fn post_head(house: &House) -> Vec<u8> {
    let content_type = [vec![0x0f, 0x10], word("application/json")].concat();
    [head(house, POST, "/"), content_type].concat()
}

/// A connection on which the server knows that it is HTTP/2.
fn connect(house: &House) -> TcpStream {
    let mut stream = house.connect();
    stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).unwrap();
    stream
}

/// Sends pieces until the server takes no more, or it was a flood. Says how much it has taken.
fn flood(stream: &mut TcpStream, mut piece: impl FnMut(u32) -> Vec<u8>) -> usize {
    let (mut sent, begun) = (0, Instant::now());
    for count in 0.. {
        let piece = piece(count);
        if sent >= FLOOD || begun.elapsed() > Duration::from_secs(10) || stream.write_all(&piece).is_err() {
            break;
        }
        sent += piece.len();
    }
    sent
}

/// All frames that come until the connection ends, or none comes any more: kind, stream, payload.
fn frames(stream: &mut TcpStream, enough: impl Fn(&[Frame]) -> bool) -> Vec<Frame> {
    let (mut read, mut found, begun) = (Vec::new(), Vec::new(), Instant::now());
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    while !enough(&found) && begun.elapsed() < PATIENCE {
        let mut piece = [0; 16 << 10];
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => read.extend_from_slice(&piece[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
        while let Some((frame, rest)) = first(&read) {
            found.push(frame);
            read = rest;
        }
    }
    found
}

/// Its kind, its stream, and what it holds.
type Frame = (u8, u32, Vec<u8>);

fn first(read: &[u8]) -> Option<(Frame, Vec<u8>)> {
    let head: &[u8; 9] = read.first_chunk()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    let payload = read.get(9..9 + length)?.to_vec();
    Some(((head[3], stream, payload), read[9 + length..].to_vec()))
}

/// Whether the server has ended the connection, with what it has said.
fn is_over(stream: &mut TcpStream) -> bool {
    let said = frames(stream, |found| found.iter().any(|(kind, ..)| *kind == GO_AWAY));
    if said.iter().any(|(kind, ..)| *kind == GO_AWAY) {
        return true;
    }
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    !matches!(stream.read(&mut [0; 1]), Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

struct Attacked {
    house: House,
    memory_before: usize,
}

impl Attacked {
    async fn start() -> Self {
        let limits = "server: { http: { limits: { stall_timeout: 2s, header_timeout: 2s } } }";
        let house = House::start(&format!("{COMMANDS}{STAY}\n{limits}\n")).await;
        serves(&house, "at first").await;
        let memory_before = memory(&house);
        Self { house, memory_before }
    }

    /// Others are served, also over HTTP/2, and memory is bounded.
    async fn stands(&self, when: &str) {
        serves(&self.house, when).await;
        let more = memory(&self.house).saturating_sub(self.memory_before);
        assert!(more < MORE, "{when}: {more} bytes more");
    }

    /// What is left when all attackers are gone.
    async fn is_over(&self) {
        let_go(&self.house).await;
        self.stands("afterwards").await;
        let mut stream = connect(&self.house);
        stream
            .write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(&self.house, GET, "/livez")))
            .unwrap();
        let answered = frames(&mut stream, |found| found.iter().any(|(kind, ..)| *kind == DATA));
        assert!(answered.contains(&(DATA, 1, b"ok\n".to_vec())), "{answered:?}");
    }
}

/// A kibibyte and a half becomes six mebibytes, for who unpacks it.
#[tokio::test]
async fn heads_that_are_small_only_while_they_are_packed_are_refused() {
    let attacked = Attacked::start().await;
    let house = &attacked.house;
    // It goes into the table, as its newest entry, and is named from there.
    let long = [vec![0x40], word("x"), word(&"y".repeat(3900))].concat();
    let bomb = |house: &House, names: usize| [head(house, GET, "/livez"), vec![0xbe; names]].concat();
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(house);
        let table = [head(house, GET, "/livez"), long.clone()].concat();
        stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &table)).unwrap();
        let answered = frames(&mut stream, |found| found.iter().any(|(kind, ..)| *kind == HEADERS));
        let head = answered.iter().find(|(kind, ..)| *kind == HEADERS).map(|(.., head)| head[0]);
        assert_eq!(head, Some(OK), "the first is no bomb: {answered:?}");
        for id in (3..100).step_by(2) {
            if stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, id, &bomb(house, 16_000))).is_err()
            {
                break;
            }
        }
        streams.push(stream);
    }
    attacked.stands("while heads are unpacked").await;
    for stream in &mut streams {
        let is_end = |found: &[Frame]| {
            found.iter().any(|(kind, stream, _)| {
                *kind == GO_AWAY || matches!((kind, stream), (&HEADERS | &RESET, 99))
            })
        };
        let answered = frames(stream, is_end);
        let is_let_in = |(kind, _, head): &Frame| *kind == HEADERS && head[0] == OK;
        assert!(!answered.iter().any(is_let_in), "a bomb was let in: {answered:?}");
    }
    drop(streams);
    attacked.is_over().await;
}

#[tokio::test]
async fn heads_without_an_end_are_not_listened_to() {
    let attacked = Attacked::start().await;
    let house = &attacked.house;
    let begin = |house: &House| frame(HEADERS, END_STREAM, 1, &head(house, GET, "/livez"));
    let many = [vec![0x00], word("x"), word(&"y".repeat(100))].concat().repeat(150);
    let empty = frame(CONTINUATION, 0, 1, &[]).repeat(1000);
    for (what, piece) in [("long", frame(CONTINUATION, 0, 1, &many)), ("empty", empty)] {
        let mut streams = Vec::new();
        for _ in 0..5 {
            let mut stream = connect(house);
            stream.write_all(&begin(house)).unwrap();
            let sent = flood(&mut stream, |_| piece.clone());
            assert!(sent < FLOOD, "{what} ones: everything was taken");
            streams.push(stream);
        }
        attacked.stands(what).await;
        for mut stream in streams {
            assert!(is_over(&mut stream), "{what} ones are listened to");
        }
    }
    attacked.is_over().await;
}

/// Each is asked for and taken back at once, so no number of open streams bounds them.
#[tokio::test]
async fn requests_that_are_taken_back_at_once_cost_little_and_leave_no_command() {
    let attacked = Attacked::start().await;
    let house = &attacked.house;
    let probe = head(house, GET, "/livez");
    let mut stream = connect(house);
    let reset = |id: u32| frame(RESET, 0, id, &8_u32.to_be_bytes());
    let sent = flood(&mut stream, |count| {
        let ids = (0..100).map(|number| (count * 100 + number) * 2 + 1);
        ids.flat_map(|id| [frame(HEADERS, END_HEADERS | END_STREAM, id, &probe), reset(id)].concat())
            .collect()
    });
    attacked.stands("while requests are taken back").await;
    assert!(sent < FLOOD, "everything was taken");
    assert!(is_over(&mut stream), "the connection goes on");
    // The same with calls, of which none may go on.
    let mark = mark();
    let body = call(1, "stay", json!({ "mark": mark })).to_string();
    let mut stream = connect(house);
    for id in (1..200).step_by(2) {
        let asked = [
            frame(HEADERS, END_HEADERS, id, &post_head(house)),
            frame(DATA, END_STREAM, id, body.as_bytes()),
            reset(id),
        ];
        if stream.write_all(&asked.concat()).is_err() {
            break;
        }
    }
    attacked.stands("while calls are taken back").await;
    until("nothing of them runs", || marked(&mark).is_empty()).await;
    drop(stream);
    attacked.is_over().await;
}

/// The server has to answer each, and nobody reads the answers.
#[tokio::test]
async fn questions_that_have_to_be_answered_are_not_kept_for_who_does_not_read() {
    let attacked = Attacked::start().await;
    for (what, piece) in [
        ("pings", frame(PING, 0, 0, &[7; 8])),
        ("settings", frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])),
        (
            "windows that are changed",
            frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff]),
        ),
        ("tables that are changed", frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0x10, 0])),
    ] {
        let mut streams: Vec<_> = (0..4).map(|_| connect(&attacked.house)).collect();
        let piece = piece.repeat(1000);
        for stream in &mut streams {
            let sent = flood(stream, |_| piece.clone());
            assert!(sent < FLOOD, "{what}: everything was taken though nothing was read");
        }
        attacked.stands(what).await;
        drop(streams);
    }
    attacked.is_over().await;
}

#[tokio::test]
async fn more_streams_than_may_be_are_refused_and_the_others_are_served() {
    const MOST: usize = 128;
    let attacked = Attacked::start().await;
    let house = &attacked.house;
    let mut stream = connect(house);
    let body = call(1, "slow", json!({ "seconds": 3 })).to_string();
    let ids: Vec<u32> = (0..300).map(|number| number * 2 + 1).collect();
    for id in &ids {
        let asked = [
            frame(HEADERS, END_HEADERS, *id, &post_head(house)),
            frame(DATA, END_STREAM, *id, body.as_bytes()),
        ];
        stream.write_all(&asked.concat()).unwrap();
    }
    serves(house, "while one has very many streams").await;
    let is_end = |found: &[Frame]| {
        let ended =
            |id: &u32| found.iter().any(|(kind, stream, _)| stream == id && [HEADERS, RESET].contains(kind));
        ids.iter().all(ended) || found.iter().any(|(kind, ..)| *kind == GO_AWAY)
    };
    let answered = frames(&mut stream, is_end);
    assert!(answered.iter().all(|(kind, ..)| *kind != GO_AWAY), "the connection is over");
    // 7: nothing was begun, so it can be asked for again. What comes of it later is for no stream.
    let first =
        |id: &u32| answered.iter().find(|(kind, stream, _)| stream == id && [HEADERS, RESET].contains(kind));
    let (served, refused): (Vec<_>, Vec<_>) =
        ids.iter().filter_map(first).partition(|(kind, ..)| *kind == HEADERS);
    assert_eq!(served.len() + refused.len(), ids.len());
    assert!(refused.iter().all(|(.., code)| *code == 7_u32.to_be_bytes()), "{refused:?}");
    assert!((MOST..ids.len()).contains(&served.len()), "{} were served", served.len());
    drop(stream);
    attacked.is_over().await;
}
