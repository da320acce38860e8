//! The one integration binary: everything that looks at mcpfier from outside.

mod architecture;
mod clients;
mod documents;
mod machine;
mod protocol;
mod stdio;
mod support;
