//! The command line. The only module that names `clap`.
