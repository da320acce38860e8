//! `working_dir` of a command: a folder, or one in which each caller has a folder of their own.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::syntax::Kind;

pub struct WorkingDir<'n> {
    pub path: Spanned<&'n str>,
    /// It holds a folder for each caller.
    pub per_caller: bool,
}

impl<'n> WorkingDir<'n> {
    /// Reads the key `working_dir`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("working_dir")?;
        if !matches!(field.node.kind, Kind::Map(_)) {
            let path = reader.text(field.node, "working_dir")?;
            return Some(Self { path, per_caller: false });
        }
        let mut fields = Fields::open(reader, field.node, &shape::WORKING_DIR)?;
        let path = fields.required("per_caller").and_then(|field| reader.text(field.node, "per_caller"));
        fields.close();
        Some(Self { path: path?, per_caller: true })
    }
}
