//! Operations of documents with nasty parts, as a table.
