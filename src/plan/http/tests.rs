//! How values reach a URL, a header and a body, as a table.
