//! Reports: results as people and machines want them. One file a format.
//!
//! A report sees results only: no guide is read and no Python run here.
