//! `mcpfier key hash-password`: the hash of a password for `auth.basic`, with Argon2id. The password is
//! read from stdin, or asked for without showing it.

use std::io::{self, IsTerminal, Read};

use serde_json::json;

use crate::auth::hash_password;
use crate::cli::exit::Exit;
use crate::cli::print::Printer;
use crate::cli::secret::prompt;

/// Longer ones are refused by the server, too.
const LONGEST: u64 = 1024;

pub fn hash(printer: &Printer) -> Exit {
    let password = match read() {
        Ok(password) => password,
        Err(error) => {
            printer.error(&format!("no password: {error}"));
            return if error.kind() == io::ErrorKind::Interrupted {
                Exit::INTERRUPTED
            } else {
                Exit::FAILURE
            };
        }
    };
    let mut salt = [0; 16];
    if getrandom::fill(&mut salt).is_err() {
        printer.error("the system gives no random numbers");
        return Exit::FAILURE;
    }
    let Some(hash) = hash_password(&password, &salt) else {
        printer.error(&format!("a password has at most {LONGEST} bytes"));
        return Exit::USAGE;
    };
    if printer.json {
        printer.json_data(&json!({ "password_hash": hash }));
    } else {
        printer.data(&format!("{hash}\n"));
        printer
            .talk("\nIt goes into the file, in quotes, as `password_hash` of one of `auth.basic.users`.\n");
    }
    Exit::OK
}

fn read() -> io::Result<String> {
    let stdin = io::stdin();
    let mut bytes = Vec::new();
    if stdin.is_terminal() {
        bytes = prompt::ask("password: ")?;
        if prompt::ask("again: ")? != bytes {
            return Err(io::Error::other("the two are not the same"));
        }
    } else {
        stdin.lock().take(LONGEST + 3).read_to_end(&mut bytes)?;
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
    }
    let password = String::from_utf8(bytes).map_err(|_| io::Error::other("it is no text"))?;
    if password.is_empty() {
        return Err(io::Error::other("it is empty"));
    }
    Ok(password)
}
