//! The one integration binary: everything that looks at mcpfier from outside.

mod architecture;
mod clients;
mod config;
mod documents;
mod machine;
mod support;
