//! A line to a server that is slow in one direction.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

/// Where the server is to be had by the slow line, which lets through so many bytes a second.
pub fn line(server: &str, bytes_a_second: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    let server = server.to_owned();
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(&server) else { return };
            let (near_too, far_too) = (near.try_clone().expect("it"), far.try_clone().expect("it"));
            std::thread::spawn(move || carry(near_too, far_too, None));
            std::thread::spawn(move || carry(far, near, Some(bytes_a_second / 20)));
        }
    });
    address
}

fn carry(mut from: TcpStream, mut to: TcpStream, most: Option<usize>) {
    let mut piece = vec![0; most.unwrap_or(64 * 1024)];
    while let Ok(count) = from.read(&mut piece) {
        if count == 0 || to.write_all(&piece[..count]).is_err() {
            break;
        }
        if most.is_some() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
