//! Clients that take their time: with the head, with the body, with reading.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::house::{COMMANDS, House, PATIENCE, call, until};
use super::{let_go, memory, plain, serves};
use crate::support::server::is_alive;

const LIMITS: &str =
    "server: { http: { limits: { header_timeout: 1s, body_timeout: 1s, stall_timeout: 2s } } }";
const CROWD: usize = 60;

/// Sends a byte now and then until the server has enough; says after how long.
fn drip(mut stream: TcpStream, bytes: &[u8]) -> Duration {
    let begun = Instant::now();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    for byte in bytes.iter().cycle() {
        let mut answer = [0; 1024];
        let read = stream.read(&mut answer);
        let is_over = match &read {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => {
                !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
            }
        };
        if is_over || stream.write_all(&[*byte]).is_err() || begun.elapsed() > PATIENCE {
            break;
        }
    }
    begun.elapsed()
}

#[tokio::test]
async fn dripping_heads_and_bodies_do_not_buy_time() {
    let house = House::start(&format!("{COMMANDS}\n{LIMITS}\n")).await;
    let half = plain(&house, "", &" ".repeat(1000));
    let half = half.trim_end().to_owned() + "\r\n\r\n";
    let mut dripping = Vec::new();
    for number in 0..CROWD {
        let mut stream = house.connect();
        let beginning = if number % 2 == 0 { "GET /livez HTTP/1.1\r\nX: " } else { &half };
        stream.write_all(beginning.as_bytes()).unwrap();
        dripping.push(std::thread::spawn(move || drip(stream, b"x")));
    }
    serves(&house, "while others drip").await;
    for dripping in dripping {
        let took = tokio::task::spawn_blocking(|| dripping.join().unwrap()).await.unwrap();
        assert!(took < Duration::from_secs(30), "a drip was listened to for {took:?}");
    }
    let_go(&house).await;
}

#[tokio::test]
async fn who_never_reads_is_let_go_with_the_command_and_its_output() {
    let house = House::start(&format!("{COMMANDS}\n{LIMITS}\n")).await;
    serves(&house, "at first").await;
    let memory_before = memory(&house);
    let greedy: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = house.connect();
            let body = call(1, "flood", json!({})).to_string();
            stream.write_all(plain(&house, "", &body).as_bytes()).unwrap();
            stream
        })
        .collect();
    serves(&house, "while others do not read").await;
    let_go(&house).await;
    until("the memory is given back", || memory(&house) < memory_before + (24 << 20)).await;
    drop(greedy);
}

#[tokio::test]
async fn a_connection_that_is_half_closed_or_torn_ends_its_call() {
    let house = House::start(&format!("{COMMANDS}\n{LIMITS}\n")).await;
    serves(&house, "at first").await;
    let body = call(1, "hang", json!({})).to_string();
    let mut stream = house.connect();
    stream.write_all(plain(&house, "", &body).as_bytes()).unwrap();
    house.server.file("ready").await;
    let pids: Vec<i32> =
        house.server.file("hanging").await.lines().map(|line| line.parse().unwrap()).collect();
    stream.shutdown(Shutdown::Write).unwrap();
    drop(stream);
    until("the tree is dead", || pids.iter().all(|pid| !is_alive(*pid))).await;
    // And those who have asked for nothing yet.
    let silent: Vec<TcpStream> = (0..CROWD).map(|_| house.connect()).collect();
    silent.iter().for_each(|stream| stream.shutdown(Shutdown::Write).unwrap());
    let_go(&house).await;
}

#[tokio::test]
async fn requests_without_end_on_one_connection_are_answered_one_after_another_and_held_by_nobody() {
    let house = House::start(&format!("{COMMANDS}\n{LIMITS}\n")).await;
    serves(&house, "at first").await;
    let memory_before = memory(&house);
    // They are sent without a word being read, until nothing more is taken.
    let mut stream = house.connect();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let probe = format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", house.address).repeat(1000);
    let mut sent = 0;
    while sent < (64 << 20) && stream.write_all(probe.as_bytes()).is_ok() {
        sent += probe.len();
    }
    assert!(sent < (64 << 20), "everything was taken though nothing was read");
    serves(&house, "while somebody asks and asks").await;
    assert!(memory(&house) < memory_before + (16 << 20), "what is asked for is kept");
    let_go(&house).await;
}
