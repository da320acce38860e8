//! The first process of a container that was made ahead: it waits for a command, runs it, ends all
//! that the command left, and says how it ended.
//!
//! A program of its own, not a room of the house: static, without a C library or an allocator, so
//! that it runs in an image that has nothing. `build.rs` compiles it, and `runner/container/init`
//! speaks to it in the words of `wire.rs`. It trusts whoever holds its standard input, and does not
//! trust the command.
//!
//! It opens doors as well, for containers that may reach something ([`doors`]); those that are not made
//! ahead have it for nothing else, and it becomes their program.
//!
//! What is alive is in one loop of `poll`, into which more descriptors fit.

#![no_std]
#![no_main]

mod command;
mod doors;
mod emptying;
mod ending;
mod frame;
mod memory_left;
mod signals;
mod system;
mod telling;
mod waiting;
mod wire;

use core::ffi::CStr;

use frame::Frame;
use signals::Signals;
use system::{Start, exit};
use telling::Telling;

/// Exit codes of the init's own, which no call sees: without a mark nobody takes them for a command's.
pub const BROKEN: i32 = 125;

/// From the beginning to the end.
fn live(start: Start) -> ! {
    let mut words = start.words().skip(1);
    if doors::are_wanted(words.next()) {
        open_doors(words, start);
    }
    if system::own_id() != 1 {
        // To end everybody else would be far too many.
        exit(BROKEN);
    }
    system::hide();
    let Ok(signals) = Signals::take() else { exit(BROKEN) };
    loop {
        let Some(bytes) = waiting::frame(&signals) else { exit(0) };
        let Some(frame) = Frame::of(&bytes) else { exit(BROKEN) };
        if let Some(code) = carry_out(&frame, start, &signals) {
            exit(code);
        }
    }
}

/// Comes back if no program follows.
fn open_doors(words: impl Iterator<Item = &'static CStr> + Clone, start: Start) {
    let Ok(meeting) = doors::open() else { exit(BROKEN) };
    let Some(program) = words.clone().next() else { return meeting.end() };
    let failure = command::become_words(program, words, start);
    meeting.tell(failure.errno());
    exit(failure.code())
}

/// Gives back the code to exit with, unless another frame is waited for.
fn carry_out(frame: &Frame<'_>, start: Start, signals: &Signals) -> Option<i32> {
    let telling = Telling::of(frame);
    let input = match waiting::input(frame.input_to_keep, signals) {
        Ok(input) => input,
        Err(errno) => {
            let failure = command::Failure::NotExecuted(errno);
            telling.not_run(&failure);
            return Some(failure.code());
        }
    };
    match command::start(frame, input.as_ref(), start, signals) {
        Err(failure) => {
            telling.not_run(&failure);
            Some(failure.code())
        }
        Ok(command) => {
            telling.begun();
            let dead = ending::watch(command, signals);
            // One that cannot be ended is ended by the kernel when we are gone; nobody vouches for it.
            if !ending::end_others(signals) {
                return Some(ending::code(&dead));
            }
            let memory = memory_left::of(&dead, frame.stays());
            let stays = frame.stays() && memory == wire::MEMORY_SUFFICED && emptying::empty(frame);
            telling.ended(&dead, memory, stays);
            (!stays).then(|| ending::code(&dead))
        }
    }
}
