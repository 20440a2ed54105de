//! trueprint runs the Python snippets of a guide and holds what its comments
//! claim against what happened.
//!
//! The modules stand in reading order, and each imports only from those above
//! it (`tests/layout.rs` holds them to that). `docs/architecture.md` is the map.

pub mod check;
pub mod claim;
pub mod cli;
pub mod command;
pub mod configuration;
pub mod document;
pub mod drift;
pub mod expectation;
pub mod finding;
pub mod interpreter;
pub mod launch;
pub mod matching;
pub mod observation;
pub mod plan;
pub mod position;
pub mod protocol;
pub mod report;
pub mod runner;
pub mod sandbox;
pub mod snippet;
pub mod syntax;
pub mod verdict;
pub mod worker;
