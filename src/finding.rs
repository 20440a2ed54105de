//! What is wrong with a guide as a text, apart from any claim.

use serde::{Deserialize, Serialize};

use crate::position::Place;

/// Something in a guide that its author should look at: a fence that never
/// closes, a snippet that does not parse. A broken guide yields snippets *and*
/// findings; only the outside world (a file that cannot be read) yields errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where it stands.
    pub place: Place,
    /// What was expected and what was found, as a sentence without a full stop.
    pub message: String,
    /// What the author can do about it.
    pub help: Option<String>,
}
