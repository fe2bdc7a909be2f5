//! Loss: chance strikes each message by itself, and more of those on links on which an event or the scenario says so.

use super::Link;
use super::rule::{Active, Cause, Ends, Packet, Rule, Verdict};
use crate::engine::random::unit;
use crate::engine::time::Duration;
use crate::scenario::model::LinkEffect;
use rand_chacha::ChaCha8Rng;

/// Losses.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    /// Probability that a message is lost, whoever sends it to whom.
    share: f64,
    /// Messages that this could have struck, and those that it did.
    pub(super) at_risk: u64,
    pub(super) struck: u64,
    /// In addition, on some links: for the whole run, and by events.
    links: Active<f64>,
    events: Active<f64>,
}

fn share_of(effect: LinkEffect) -> Option<f64> {
    match effect {
        LinkEffect::Lose(share) => Some(share),
        _ => None,
    }
}

impl Loss {
    /// `links` are those of the scenario, for the whole run.
    pub(super) fn new(share: f64, links: &[Link]) -> Self {
        let mut loss = Loss { share, at_risk: 0, struck: 0, links: Active::default(), events: Active::default() };
        links.iter().for_each(|link| loss.links.begin(0, link, share_of));
        loss
    }

    /// The probability for all messages.
    pub(super) fn share(&self) -> f64 {
        self.share
    }

    /// Whether messages can be lost.
    pub(super) fn is_possible(&self) -> bool {
        self.share > 0.0 || self.is_on_links()
    }

    #[inline]
    fn is_on_links(&self) -> bool {
        !self.links.is_empty() || !self.events.is_empty()
    }

    #[cold]
    fn strikes_link(&self, ends: Ends, random: &mut ChaCha8Rng) -> bool {
        self.links.on(ends).chain(self.events.on(ends)).any(|share| unit(random) < share)
    }
}

impl Rule for Loss {
    fn is_idle(&self) -> bool {
        !self.is_possible()
    }

    /// Draws whether chance strikes.
    #[inline(always)]
    fn travel(&mut self, _packet: &Packet, ends: Ends, _so_far: Duration, random: &mut ChaCha8Rng) -> Verdict {
        if self.share > 0.0 {
            let is_lost = unit(random) < self.share;
            self.at_risk += 1;
            self.struck += u64::from(is_lost);
            if is_lost {
                return Verdict::Drop(Cause::Loss);
            }
        }
        if self.is_on_links() && self.strikes_link(ends, random) {
            return Verdict::Drop(Cause::Loss);
        }
        Verdict::Pass
    }

    fn begin(&mut self, number: usize, link: &Link) {
        self.events.begin(number, link, share_of);
    }

    fn end(&mut self, number: usize) {
        self.events.end(number);
    }

    fn mend(&mut self) {
        self.events.clear();
    }

    fn calm(&mut self) {
        self.share = 0.0;
        self.links.clear();
        self.events.clear();
    }
}
