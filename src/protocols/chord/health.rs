//! How well the ring stands, and the fingers beside it, compared with the truth.

use super::Chord;
use super::fix_fingers::finger_start;
use crate::node::{Contact, Slot, Truth};
use crate::overlay::ring::health::{self, true_owner};

/// The figures of health, each with its meaning.
pub(super) const FIGURES: &[(&str, &str)] = &[
    health::FIGURES[0],
    health::FIGURES[1],
    (
        "wrong_finger_share",
        "share of fingers that are kept, known or not, that are not the first reachable member at or after their \
         start; in a large ring of a sample",
    ),
    health::FIGURES[2],
    health::FIGURES[3],
    health::FIGURES[4],
];

/// Members whose fingers are looked at; evenly spread over the ring, since all of a large network would take longer
/// than the events of a window.
const FINGER_SAMPLE: usize = 1024;

impl Chord {
    /// In the order of [`FIGURES`].
    pub(super) fn measure_health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        let members: Vec<Slot> = truth.members.iter().map(Contact::slot).collect();
        let mut figures = health::measure(self, truth).to_vec();
        figures.insert(2, self.wrong_finger_share(truth, &members));
        figures
    }

    fn wrong_finger_share(&self, truth: &Truth<'_>, members: &[Slot]) -> Option<f64> {
        let (mut fingers, mut wrong) = (0u64, 0u64);
        for node in members.iter().step_by(members.len().div_ceil(FINGER_SAMPLE).max(1)) {
            let state = self.node(*node);
            if self.head(*node).is_none() {
                continue;
            }
            for index in self.first_kept_finger(*node)..64 {
                let truth = true_owner(truth, *node, finger_start(state.id, index));
                let truth = truth.filter(|owner| owner.slot() != *node).unwrap_or(Contact::NONE);
                fingers += 1;
                wrong += u64::from(state.table.get(&self.contacts, index) != truth);
            }
        }
        (fingers > 0).then(|| wrong as f64 / fingers as f64)
    }
}
