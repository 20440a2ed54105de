//! The main job: guides in, verdicts out. Prints nothing.
