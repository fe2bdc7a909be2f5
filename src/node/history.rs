//! What a network has gone through lately: what statements about it need to know to tell a fault of the protocol from
//! more damage than it promises to stand.

use super::contact::Contact;
use crate::engine::time::{Duration, Time};

/// Who became a member and who departed when, and when somebody alive could last be taken for dead.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// When the occupant of each slot became a member; `None` for those of a converged start.
    member_since: Vec<Option<Time>>,
    /// Departures in order of time, with identifiers.
    departed: Vec<(Time, u64)>,
    suspected: Option<Time>,
}

impl History {
    /// A node has become a member.
    pub fn joined(&mut self, member: Contact, now: Time) {
        let index = member.slot() as usize;
        if index >= self.member_since.len() {
            self.member_since.resize(index + 1, None);
        }
        self.member_since[index] = Some(now);
    }

    /// A node is gone.
    pub fn departed(&mut self, id: u64, now: Time) {
        self.departed.push((now, id));
    }

    /// Somebody alive may have been taken for dead: a message was lost, or came too late, or could not pass, or its
    /// receiver had no answer.
    pub fn suspected(&mut self, now: Time) {
        self.suspected = Some(now);
    }

    /// For how long a present member has been one; without end for those of a converged start.
    pub fn age(&self, member: Contact, now: Time) -> Duration {
        let since = self.member_since.get(member.slot() as usize).copied().flatten();
        since.map_or(Duration::MAX, |since| now.since(since))
    }

    /// Identifiers of those who departed at or after `from`, each with the time.
    pub fn departed_since(&self, from: Time) -> &[(Time, u64)] {
        &self.departed[self.departed.partition_point(|(time, _)| *time < from)..]
    }

    /// Whether somebody alive may have been taken for dead at or after `from`.
    pub fn suspected_since(&self, from: Time) -> bool {
        self.suspected.is_some_and(|time| time >= from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_who_came_and_went_and_when() {
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let mut history = History::default();
        let (old, young) = (Contact::new(5, 0), Contact::new(9, 3));
        history.joined(young, at(10));
        assert_eq!(history.age(old, at(12)), Duration::MAX);
        assert_eq!(history.age(young, at(12)), Duration::from_secs(2));
        history.departed(7, at(20));
        history.departed(8, at(30));
        assert_eq!(history.departed_since(at(20)).len(), 2);
        assert_eq!(history.departed_since(at(21)), [(at(30), 8)]);
        assert!(!history.suspected_since(Time::ZERO));
        history.suspected(at(30));
        assert!(history.suspected_since(at(30)) && !history.suspected_since(at(31)));
    }
}
