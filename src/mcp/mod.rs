//! The Model Context Protocol: what clients ask → the engine, and what comes of it → clients.
//!
//! Knows rmcp, and nothing of files, processes or where the bytes come from. [`Server`] answers
//! requests of both eras of the protocol; [`Connection`] is the transport beneath it, and [`Remote`]
//! is that of clients who ask by single requests.

mod asking;
mod base64;
mod call;
mod changes;
mod context;
mod detach;
mod discovery;
mod due;
mod era;
mod escape;
mod handler;
mod job_tools;
mod listing;
mod logs;
mod needs;
mod offered;
mod offers;
mod older_tasks;
mod progress;
mod remote;
mod reply;
mod server;
mod task_news;
mod tasks;
mod telling;
mod wire;

pub use changes::Announcer;
pub use remote::{
    Asked, Beginning, Events, Exchange, Framing, Headers, Mailbox, Reaction, Remote, SessionCaps, Shelf,
    Unavailable,
};
pub use server::Server;
pub use wire::{Closing, Connection, Gone};
