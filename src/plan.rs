//! The plan: which snippets run together in which child, with which probes.
//!
//! Snippets that continue one another form one task and run in page order;
//! every other snippet is a task of its own.
