//! The one integration binary: everything that looks at mcpfier from outside.

mod architecture;
#[cfg(all(unix, feature = "server"))]
mod asking;
#[cfg(all(unix, feature = "server"))]
mod audit;
mod cli;
mod clients;
mod completions;
mod composition;
mod conditions;
mod config;
#[cfg(all(unix, feature = "server", feature = "http"))]
mod conformance;
mod container_plans;
#[cfg(all(unix, feature = "containers"))]
mod containers;
mod documents;
mod editors;
mod engine;
mod examples;
#[cfg(all(target_os = "linux", feature = "server"))]
mod features;
#[cfg(unix)]
mod flows;
mod graph;
mod help;
mod http;
#[cfg(target_os = "linux")]
mod jobs;
mod links;
mod lock;
mod machine;
mod man;
mod migrate;
#[cfg(unix)]
mod offers;
#[cfg(unix)]
mod output;
mod plan;
mod policy;
mod protocol;
mod reload;
#[cfg(target_os = "linux")]
mod requirements;
mod resilience;
mod runner;
mod sandbox;
mod scaffold;
mod schemas;
#[cfg(target_os = "linux")]
mod secrets;
#[cfg(all(unix, feature = "server", feature = "http"))]
mod server;
#[cfg(unix)]
mod session;
mod setup;
mod stdio;
mod support;
mod trial;
#[cfg(unix)]
mod trust;
mod validate;
