//! How much lookups find of the members that should hold what belongs to their keys.

use crate::node::{Contact, Slot};

/// What a lookup was to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub initiator: Slot,
    pub key: u64,
    /// So many nodes.
    pub wanted: u32,
}

/// What lookups have told since the last window ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Sum of the shares that were found.
    shares: f64,
    lookups: u64,
    /// What has been told and is not judged yet: what each lookup was to find, and where what it found ends in the list
    /// of all.
    told: Vec<(Asked, usize)>,
    named: Vec<Contact>,
    /// Room for the truth about one lookup.
    truth: Vec<Contact>,
}

impl Found {
    /// A lookup tells what it has found. No lookup takes memory anew.
    pub(super) fn tell(&mut self, asked: Asked, found: &[Contact]) {
        self.named.extend_from_slice(found);
        self.told.push((asked, self.named.len()));
    }

    /// Whether all that has been told is judged.
    #[inline(always)]
    pub(super) fn is_judged(&self) -> bool {
        self.told.is_empty()
    }

    /// Counts what lookups found of those that `find` gives, into an empty list; nothing, if there was nobody to find.
    pub(super) fn judge(&mut self, mut find: impl FnMut(Asked, &mut Vec<Contact>)) {
        let mut from = 0;
        for (asked, to) in self.told.drain(..) {
            find(asked, &mut self.truth);
            if !self.truth.is_empty() {
                let named = &self.named[from..to];
                let right = self.truth.iter().filter(|member| named.contains(member)).count();
                self.shares += right as f64 / self.truth.len() as f64;
                self.lookups += 1;
            }
            self.truth.clear();
            from = to;
        }
        self.named.clear();
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
        let asked = Asked { initiator: 7, key: 3, wanted: 4 };
        let judge = |found: &mut Found, named: &[Contact], right: &[u64]| {
            found.tell(asked, named);
            assert!(!found.is_judged());
            found.judge(|told, truth| {
                assert_eq!(told, asked);
                truth.extend(contacts(right));
            });
            assert!(found.is_judged());
        };
        assert_eq!(found.mean_share(), None);
        judge(&mut found, &contacts(&[7]), &[]);
        assert_eq!(found.mean_share(), None, "there was nobody to find");
        judge(&mut found, &contacts(&[1, 2, 9, 9]), &[2, 1, 4, 5]);
        assert_eq!(found.mean_share(), Some(0.5), "what should not be found does not count");
        judge(&mut found, &contacts(&[4]), &[4]);
        assert_eq!(found.mean_share(), Some(0.75));
        judge(&mut found, &[Contact::new(4, 5)], &[4]);
        assert_eq!(found.mean_share(), Some(0.5), "another incarnation of that identifier is another node");
        found.begin_window();
        assert_eq!(found.mean_share(), None);
    }

    #[test]
    fn what_several_lookups_tell_at_once_is_told_apart() {
        let mut found = Found::default();
        let asked = |key| Asked { initiator: 0, key, wanted: 1 };
        found.tell(asked(1), &[Contact::new(1, 1), Contact::new(2, 2)]);
        found.tell(asked(2), &[]);
        found.tell(asked(3), &[Contact::new(3, 3)]);
        // The second one found nothing of what the others did.
        found.judge(|told, truth| truth.push(Contact::new(told.key, told.key as u32)));
        assert_eq!(found.mean_share(), Some(2.0 / 3.0));
    }
}
