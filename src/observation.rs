//! Observations: what a run showed of each statement of a snippet.
//!
//! The worker's events are put in order here by snippet and statement, so that
//! verdicts can ask "what did this line write". Facts only.
