//! Bytes with descriptors beside them, over Unix stream sockets.
//!
//! Used on both sides; knows nothing of what the bytes mean.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recv, recvmsg, send, sendmsg};

use super::raw;

/// The most descriptors that travel with one message.
const MOST: usize = 4;

/// Sends bytes, descriptors beside the first of them; says how many bytes were taken.
pub fn send_with(
    socket: &impl AsFd,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
    flags: MsgFlags,
) -> nix::Result<usize> {
    let raw: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let beside: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
    let flags = flags | MsgFlags::MSG_NOSIGNAL;
    sendmsg::<()>(socket.as_fd().as_raw_fd(), &[IoSlice::new(bytes)], beside, flags, None)
}

/// Receives some bytes and adds what came beside them to `descriptors`; 0 bytes mean the end.
pub fn receive_with(
    socket: &impl AsFd,
    buffer: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> nix::Result<usize> {
    let mut space = cmsg_space!([RawFd; MOST]);
    let mut slices = [IoSliceMut::new(buffer)];
    let socket = socket.as_fd().as_raw_fd();
    let message = retried(|| {
        recvmsg::<()>(socket, &mut slices, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)
            .map(|message| (message.bytes, received(&message)))
    });
    let (count, arrived) = message?;
    descriptors.extend(raw::adopt(arrived));
    Ok(count)
}

fn received(message: &nix::sys::socket::RecvMsg<'_, '_, ()>) -> Vec<RawFd> {
    let Ok(beside) = message.cmsgs() else { return Vec::new() };
    beside
        .flat_map(|message| match message {
            ControlMessageOwned::ScmRights(rights) => rights,
            _ => Vec::new(),
        })
        .collect()
}

/// Receives what is there without waiting; 0 bytes mean the end.
pub fn receive_now(socket: &impl AsFd, buffer: &mut [u8]) -> nix::Result<usize> {
    retried(|| recv(socket.as_fd().as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT))
}

/// Sends bytes; nobody being there to read them is no failure worth acting on.
pub fn send_bytes(socket: &impl AsFd, bytes: &[u8]) {
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    let _ = retried(|| send(socket.as_fd().as_raw_fd(), bytes, flags));
}

/// Calls again when a signal came between.
pub fn retried<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => (),
            result => return result,
        }
    }
}
