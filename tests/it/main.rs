//! The one integration binary: everything that looks at mcpfier from outside.

mod architecture;
mod clients;
mod documents;
mod examples;
mod machine;
mod protocol;
mod runner;
mod support;
