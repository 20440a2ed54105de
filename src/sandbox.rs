//! The box around a snippet: what it can reach, and how much it can use.
//!
//! One file a means (namespaces, Landlock, seccomp, limits, killing). Each says
//! what it could not do on this system rather than doing less in silence.
