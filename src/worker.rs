//! The worker: one embedded CPython that forks a child for each task.
//!
//! The only module that names `pyo3`. It executes and observes; it never judges.
