//! Does a text say what another text shows? One file a kind of tolerance.

pub mod tolerance;
