//! reStructuredText.

use super::Block;
use super::blocks::Collector;
use crate::finding::Finding;

pub(super) fn parse(text: &str) -> (Vec<Block>, Vec<Finding>) {
    let mut collector = Collector::default();
    read(&mut collector, text, 0);
    collector.finish()
}

/// Reads reStructuredText that begins `first_line` lines below the guide's first.
pub(super) fn read(_collector: &mut Collector, _text: &str, _first_line: usize) {}
