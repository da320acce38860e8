//! mcpfier turns the commands that a person declares in one YAML file into MCP tools.
//!
//! Everything that will happen to a call is a value before anything happens: a call becomes an
//! [`call::Invocation`] (it fits its tool), then [`policy::Authorized`] (this caller may), then a
//! [`plan::ExecutionPlan`] (every word, variable and limit). A dry-run prints that plan and a real
//! run carries the same plan out.
//!
//! A module imports only what stands to its right:
//!
//! ```text
//! main → cli → serve → mcp → engine → runner → plan → policy → call → model
//!                                     runner → safe → model
//!                    serve → auth → model
//!                            engine → shaping → model
//!              cli → config → model
//!              cli → scaffold
//!              cli → clients
//!              cli → safe → model
//!              cli → lock → model
//!              cli → graph → model
//!              cli → trial → model
//! ```

pub mod auth;
pub mod call;
pub mod cli;
pub mod clients;
pub mod config;
pub mod engine;
pub mod graph;
pub mod lock;
pub mod mcp;
pub mod model;
pub mod plan;
pub mod policy;
pub mod runner;
pub mod safe;
pub mod scaffold;
pub mod serve;
pub mod shaping;
pub mod trial;
