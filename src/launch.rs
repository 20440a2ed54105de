//! How a worker process comes to have a Python inside it.
//!
//! The executable has no Python symbol. Told to be a worker, it loads the chosen
//! interpreter's shared library, then the worker's own code, which it carries
//! as bytes, and calls its one entry. Only `main.rs` and `runner` call this.
