//! Drift: what differs between interpreters, and only between them.
