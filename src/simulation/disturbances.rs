//! What happens to the network from outside: partitions, trouble with links, and quiet.

use super::agenda::ExternalEvent;
use super::event::Kind;
use super::run::Simulation;
use crate::node::Simulated;
use crate::scenario::Link;

impl<P: Simulated> Simulation<P> {
    /// Something happens to the network; nothing for what happens to nodes.
    pub(super) fn disturb(&mut self, happening: ExternalEvent) {
        match happening {
            ExternalEvent::Partition { event } => {
                let shares = self.agenda.shares(event).to_vec();
                return self.fall_apart(&shares);
            }
            ExternalEvent::LinkBegins { event } => {
                let link = self.agenda.link(event).clone();
                return self.begin_link(event, &link);
            }
            _ => {}
        }
        let world = &mut self.world;
        match happening {
            ExternalEvent::Heal => {
                world.record(0, Kind::Heal);
                world.suspect();
                world.network.heal();
            }
            ExternalEvent::LinkEnds { event } => {
                world.record(0, Kind::LinkEnds);
                // Quiet has mended it before.
                if world.quiet_since.is_none() {
                    world.suspect();
                }
                world.network.end(event);
            }
            ExternalEvent::Mend => {
                world.record(0, Kind::Mend);
                world.suspect();
                world.network.mend();
            }
            ExternalEvent::Quiet => {
                world.record(0, Kind::Quiet);
                if world.network.is_lossy() || world.network.is_partitioned() {
                    world.suspect();
                }
                world.network.calm();
                world.quiet_since = Some(world.now);
            }
            ExternalEvent::Join { .. }
            | ExternalEvent::Depart { .. }
            | ExternalEvent::Lookup { .. }
            | ExternalEvent::LookupOf { .. }
            | ExternalEvent::Partition { .. }
            | ExternalEvent::LinkBegins { .. } => {}
        }
    }

    /// The network falls apart into groups of these shares.
    pub(super) fn fall_apart(&mut self, shares: &[f64]) {
        self.disturbance_begins(Kind::Partition);
        self.world.network.partition(shares);
    }

    /// Something begins to happen to links, under this number.
    pub(super) fn begin_link(&mut self, number: usize, link: &Link) {
        self.disturbance_begins(Kind::LinkBegins);
        self.world.network.begin(number, link);
    }

    fn disturbance_begins(&mut self, kind: Kind) {
        self.world.record(0, kind);
        self.world.is_untouched = false;
        self.world.suspect();
    }
}
