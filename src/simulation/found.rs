//! How much lookups find of the members that should hold what belongs to their keys.

use crate::node::Contact;

/// What lookups have told since the last window ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Sum of the shares that were found.
    shares: f64,
    lookups: u64,
    /// Room for the truth about one lookup.
    scratch: Vec<Contact>,
}

impl Found {
    /// An empty list for those who should be found, to be given back to [`Self::judge`]: no lookup takes memory anew.
    pub(super) fn take_scratch(&mut self) -> Vec<Contact> {
        std::mem::take(&mut self.scratch)
    }

    /// Counts what a lookup found of `closest`; nothing, if there was nobody to find.
    pub(super) fn judge(&mut self, found: &[Contact], mut closest: Vec<Contact>) {
        if !closest.is_empty() {
            let right = closest.iter().filter(|member| found.contains(member)).count();
            self.shares += right as f64 / closest.len() as f64;
            self.lookups += 1;
        }
        closest.clear();
        self.scratch = closest;
    }

    /// Mean of the shares that were found; `None` if no lookup has told.
    pub(super) fn mean_share(&self) -> Option<f64> {
        (self.lookups > 0).then(|| self.shares / self.lookups as f64)
    }

    /// A window has ended.
    pub(super) fn begin_window(&mut self) {
        (self.shares, self.lookups) = (0.0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_those_who_should_be_found_and_begins_anew_with_each_window() {
        let contacts = |ids: &[u64]| ids.iter().map(|id| Contact::new(*id, *id as u32)).collect::<Vec<_>>();
        let mut found = Found::default();
        assert_eq!(found.mean_share(), None);
        found.judge(&contacts(&[7]), contacts(&[]));
        assert_eq!(found.mean_share(), None, "there was nobody to find");
        found.judge(&contacts(&[1, 2, 9, 9]), contacts(&[2, 1, 4, 5]));
        assert_eq!(found.mean_share(), Some(0.5), "what should not be found does not count");
        found.judge(&contacts(&[4]), contacts(&[4]));
        assert_eq!(found.mean_share(), Some(0.75));
        found.judge(&[Contact::new(4, 5)], contacts(&[4]));
        assert_eq!(found.mean_share(), Some(0.5), "another incarnation of that identifier is another node");
        assert!(found.take_scratch().is_empty());
        found.begin_window();
        assert_eq!(found.mean_share(), None);
    }
}
