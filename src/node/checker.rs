//! Statements about a whole network: that must hold at every instant, whatever happens in it (safety), or within a time
//! once nothing happens to it any more (liveness).
//!
//! A checker sees the state of all nodes and the truth beside it. It changes nothing and draws no random number, so a
//! run is the same with and without checkers.

#[cfg(doc)]
use super::Inspect;
use super::{Slot, Truth};
use crate::engine::time::Duration;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The slots concerned, the most interesting first.
    pub nodes: Vec<Slot>,
    /// What is wrong, in words; nodes in it are named by identifier.
    pub text: String,
    /// Whether more has happened to the network than the statement assumes: then it is no fault of the protocol.
    pub is_excused: bool,
}

impl Fault {
    /// Something is wrong with these nodes.
    pub fn new(nodes: impl IntoIterator<Item = Slot>, text: String) -> Self {
        Fault { nodes: nodes.into_iter().collect(), text, is_excused: false }
    }

    /// The same, excused if so.
    pub fn excused_if(self, is_excused: bool) -> Self {
        Fault { is_excused, ..self }
    }
}

/// When a statement must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every state, from the first on.
    Always,
    /// Once it has held, together with all others, in a network that is in order ([`Inspect::is_in_order`]): what
    /// nodes do must keep it, as long as those of this scope that are listed before it hold. It need not
    /// survive that somebody alive is taken for dead, as in a partition, nor more damage than it assumes; after that it
    /// counts from when it holds again in a network that is in order.
    OnceHeld,
}

/// A statement about a network of protocol `P`.
pub struct Checker<P> {
    /// Its name, as in messages.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// When it must hold.
    pub scope: Scope,
    /// Whether it is looked at after every departure too: one may break it, and nodes may have covered that up by the
    /// time of the next check.
    pub after_departures: bool,
    /// Holds it against the network. `false` if the network is in no state of which the statement says anything.
    pub check: fn(&P, &Truth<'_>) -> Result<bool, Fault>,
}

/// A statement about a network of protocol `P` that becomes true when nothing happens to it any more, and stays true.
pub struct Liveness<P> {
    /// Its name, as in messages.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// How long it takes at most from the present state, in which all statements that are listed before it hold.
    /// `None` if that is not claimed, because a task that it takes is never done.
    pub within: fn(&P, &Truth<'_>) -> Option<Duration>,
    /// Holds it against the network.
    pub check: fn(&P, &Truth<'_>) -> Result<(), Fault>,
}

/// Every live node has completed its join: what any protocol promises first.
///
/// # Errors
/// If one has not.
pub fn all_joined<P>(_protocol: &P, truth: &Truth<'_>) -> Result<(), Fault> {
    let live = (0..truth.directory.slots()).filter(|slot| truth.directory.is_occupied(*slot));
    let mut waiting = live.map(|slot| truth.directory.contact(slot)).filter(|live| !truth.members.contains(*live));
    match waiting.next() {
        Some(first) => {
            let text = format!("{} and {} others have not joined", first.id(), waiting.count());
            Err(Fault::new([first.slot()], text))
        }
        None => Ok(()),
    }
}
