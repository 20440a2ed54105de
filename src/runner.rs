//! Runs tasks on warm workers, in parallel, and brings back what happened.
//!
//! A worker that dies is replaced, and its task is blamed only when it kills
//! the next one too. Nothing here knows what a claim is.
