//! Files are read as their users meant them, and every mistake is told well.
//!
//! `tests/data/invalid` holds one mistake a file and beside each its whole report, byte for byte.
//! `UPDATE_REPORTS=1` writes the reports anew; then read them.

mod composition;
mod explain;
mod flows;
mod host;
mod hostile;
mod invalid;
mod migrate;
mod original;
mod reports;
mod schema;
mod unused;

mod valid;
mod variables;
