//! Expectations: what people wrote down about outputs that may vary, and why.
//!
//! The files under `expectations/` are read here, held against the guide they
//! name, and turned into what plan and verdict need. Entries that name nothing
//! are errors with their file and line.
