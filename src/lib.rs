//! trueprint runs the Python snippets of a guide and holds what its comments
//! claim against what happened.
//!
//! The modules stand in reading order, and each imports only from those above
//! it (`tests/layout.rs` holds them to that). `docs/architecture.md` is the map.

pub mod position;
pub mod atomic_file;
pub mod finding;
pub mod syntax;
pub mod document;
pub mod snippet;
pub mod claim;
pub mod expectation;
pub mod interpreter;
pub mod protocol;
pub mod plan;
pub mod sandbox;
pub mod worker;
pub mod launch;
pub mod runner;
pub mod observation;
pub mod matching;
pub mod verdict;
pub mod results;
pub mod configuration;
pub mod cache;
pub mod check;
pub mod drift;
pub mod report;
pub mod examples;
pub mod revision;
pub mod proposal;
pub mod command;
pub mod cli;
