//! `server.http.sessions`.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;

#[derive(Default)]
pub struct Copies<'n> {
    pub store: Option<Spanned<&'n str>>,
    pub copy: Option<Spanned<&'n str>>,
}

impl<'n> Copies<'n> {
    /// Reads the key `sessions`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let field = fields.take("sessions");
        let Some(mut fields) = field.and_then(|field| Fields::open(reader, field.node, &shape::COPIES))
        else {
            return Self::default();
        };
        let copies = Self { store: fields.text("store"), copy: fields.text("copy") };
        fields.close();
        copies
    }
}
