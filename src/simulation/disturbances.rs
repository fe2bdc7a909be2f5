//! What happens to the network from outside: partitions, trouble with links, and quiet.

use super::agenda::ExternalEvent;
use super::event::Kind;
use super::run::Simulation;
use crate::node::Simulated;

impl<P: Simulated> Simulation<P> {
    /// Something happens to the network; nothing for what happens to nodes.
    pub(super) fn disturb(&mut self, happening: ExternalEvent) {
        let world = &mut self.world;
        match happening {
            ExternalEvent::Partition { event } => {
                world.record(0, Kind::Partition);
                world.is_untouched = false;
                world.suspect();
                world.network.partition(self.agenda.shares(event));
            }
            ExternalEvent::Heal => {
                world.record(0, Kind::Heal);
                world.suspect();
                world.network.heal();
            }
            ExternalEvent::LinkBegins { event } => {
                world.record(0, Kind::LinkBegins);
                world.is_untouched = false;
                world.suspect();
                world.network.begin(event, self.agenda.link(event));
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
            | ExternalEvent::LookupOf { .. } => {}
        }
    }
}
