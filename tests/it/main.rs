//! The one integration binary: everything that looks at mcpfier from outside.

mod architecture;
mod cli;
mod clients;
mod completions;
mod composition;
mod config;
mod container_plans;
#[cfg(all(unix, feature = "containers"))]
mod containers;
mod documents;
mod editors;
mod engine;
mod examples;
mod help;
mod http;
mod links;
mod lock;
mod machine;
mod man;
mod migrate;
mod plan;
mod protocol;
mod reload;
mod resilience;
mod runner;
mod sandbox;
mod scaffold;
mod schemas;
#[cfg(target_os = "linux")]
mod secrets;
#[cfg(unix)]
mod session;
mod setup;
mod stdio;
mod support;
mod trial;
#[cfg(unix)]
mod trust;
mod validate;
