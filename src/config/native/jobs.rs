//! `server.jobs`.

use std::time::Duration;

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::model::ByteSize;

#[derive(Default)]
pub struct Jobs<'n> {
    pub max: Option<u32>,
    pub per_caller: Option<u32>,
    pub keep: Option<Duration>,
    pub log_limit: Option<ByteSize>,
    pub folder: Option<Spanned<&'n str>>,
}

impl<'n> Jobs<'n> {
    /// Reads the key `jobs`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let field = fields.take("jobs");
        let Some(mut fields) = field.and_then(|field| Fields::open(reader, field.node, &shape::JOBS)) else {
            return Self::default();
        };
        let jobs = Self {
            max: fields.count("max"),
            per_caller: fields.count("per_caller"),
            keep: fields.duration("keep"),
            log_limit: fields.take("log_limit").and_then(|field| reader.size(field.node, "log_limit")),
            folder: fields.text("folder"),
        };
        fields.close();
        jobs
    }
}
