//! The executable: the command line, and the hidden worker.

fn main() {}
