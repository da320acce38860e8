//! Requests that are nearly right: a right one, of which something was changed, cut or doubled.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::json;

use super::super::house::{COMMANDS, House, call};
use super::{let_go, plain, serves};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap()
    }
}

fn changed(request: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = request.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len());
        match dice.roll(6) {
            0 => bytes[at] ^= 1 << dice.roll(8),
            1 => bytes[at] = [0, b'\r', b'\n', b' ', b':', 0xff, b'{', b'"'][dice.roll(8)],
            2 => bytes.truncate(at.max(1)),
            3 => bytes.insert(at, [b'\r', b'\n', 0, b'\t', b',', b'0'][dice.roll(6)]),
            4 => {
                let until = (at + dice.roll(40)).min(bytes.len());
                let part = bytes[at..until].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let until = (at + dice.roll(20)).min(bytes.len() - 1).max(at);
                bytes.drain(at..until);
            }
        }
    }
    bytes
}

#[tokio::test]
async fn requests_that_are_nearly_right_take_nothing_down() {
    let limits = "server: { http: { limits: { header_timeout: 2s, body_timeout: 2s } } }";
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    serves(&house, "at first").await;
    let message = call(1, "echo", json!({ "what": "x" })).to_string();
    let right = plain(&house, "Accept: application/json, text/event-stream\r\n", &message);
    let head = format!("POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n", house.address);
    let half = message.len() / 2;
    let chunked = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{half:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        &message[..half],
        message.len() - half,
        &message[half..]
    );
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for round in 0..20 {
        let mut streams = Vec::new();
        for number in 0..40 {
            let request = if number % 2 == 0 { &right } else { &chunked };
            let mut stream = house.connect();
            let _ = stream.write_all(&changed(request.as_bytes(), &mut dice));
            streams.push(stream);
        }
        serves(&house, &format!("in round {round}")).await;
        for mut stream in streams {
            let _ = stream.set_read_timeout(Some(Duration::from_millis(1)));
            let mut answered = [0; 4096];
            let read = stream.read(&mut answered).unwrap_or(0);
            let answered = String::from_utf8_lossy(&answered[..read]);
            assert!(!answered.contains("HTTP/1.1 5"), "round {round}: {answered}");
        }
    }
    let_go(&house).await;
}
