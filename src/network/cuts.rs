//! Cuts: links that an event has cut off, one way or both.

use super::Link;
use super::rule::{Active, Cause, Ends, Packet, Rule, Verdict};
use crate::engine::time::Duration;
use crate::scenario::model::LinkEffect;
use rand_chacha::ChaCha8Rng;

/// What is cut off at present.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts(Active<()>);

impl Cuts {
    /// Whether anything is.
    #[inline]
    pub(super) fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a message from one kind to another would not get through.
    pub(super) fn cut_off(&self, ends: Ends) -> bool {
        self.0.on(ends).next().is_some()
    }
}

impl Rule for Cuts {
    fn is_idle(&self) -> bool {
        !self.are_there()
    }

    #[inline(always)]
    fn travel(&mut self, _packet: &Packet, ends: Ends, _so_far: Duration, _random: &mut ChaCha8Rng) -> Verdict {
        if self.cut_off(ends) { Verdict::Drop(Cause::Cut) } else { Verdict::Pass }
    }

    fn begin(&mut self, number: usize, link: &Link) {
        self.0.begin(number, link, |effect| matches!(effect, LinkEffect::Cut).then_some(()));
    }

    fn end(&mut self, number: usize) {
        self.0.end(number);
    }

    fn mend(&mut self) {
        self.0.clear();
    }

    fn calm(&mut self) {
        self.mend();
    }
}
