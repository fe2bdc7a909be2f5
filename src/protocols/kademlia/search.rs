//! Iterative lookups: the initiator asks the nodes nearest to the key that it has heard of, several at a time, until
//! the nearest have answered (Kademlia 2.3).
//!
//! All that it has heard of is kept in the order of distance, with who has been asked, has answered or was silent. A
//! lookup ends when as many of the nearest that are not silent as it is to find have all answered. It names the nearest
//! of those, or the initiator itself if that is nearer.
//!
//! A round is over when as many requests have been answered, or have timed out, as were under way when it began. With
//! requests that all take the same time that is the round of the paper; and no node that is slow or dead holds up the
//! others, since the paper, too, lets a round begin before all of the last one have answered.
//!
//! With `parallelism = "first_answer"` there are steps instead (OverSim, `IterativePathLookup`): the first answer to
//! one of the requests of a step begins the next, which asks as many as that answer was the first to name, `alpha` at
//! most. What later answers of a step name is not taken up in a lookup of the workload.

use super::config::{EndsAt, Parallelism};
use super::message::{self, Message};
use super::table::Among;
use super::{Kademlia, Task};
use crate::engine::pool::List;
use crate::engine::prefetch::prefetch;
use crate::node::{Charge, Contact, Context, Lookup, LookupId, Purpose, Slot};
use crate::overlay::digits::distance;
use crate::overlay::lookups::{conclude, give_up};

/// Nodes that a lookup keeps in mind, for each that it may ask in a step, silent ones among them. One that has been
/// crowded out by so many nearer ones never comes back, since none of those goes; so nobody is asked twice.
const CANDIDATES: usize = 3;

/// The same, for all lookups.
const SPARE_CANDIDATES: usize = 16;

/// A node that a lookup has heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    contact: Contact,
    /// Nodes on the path to it, itself included.
    depth: u8,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has been named.
    Named,
    /// It has been asked.
    Asked,
    /// It has been asked in a step that is over: whom it names does not count.
    Unheard,
    /// It has answered.
    Answered,
    /// It did not answer.
    Silent,
}

/// Where a lookup is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Search {
    /// Whom it has heard of, the nearest first.
    candidates: List,
    /// Requests under way.
    under_way: u16,
    /// How many of them have to come back until the round is over.
    left_of_round: u16,
    /// Whether one of the round has brought somebody nearer than the nearest known before.
    brought_nearer: bool,
    /// Whether all that the lookup is to find are asked at once, since a round has brought nobody nearer.
    asks_all: bool,
    /// How many have been named for the first time since the last request, of those whom it may ask.
    first_named: u16,
}

impl Search {
    /// Whether it holds a list of the pool.
    pub(super) fn has_list(&self) -> bool {
        !self.candidates.is_empty()
    }
}

impl Kademlia {
    /// Begins with the contacts of the initiator, and with a member that it was told of, if it was.
    pub(super) fn begin_search(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        key: u64,
        lookup: LookupId,
        told_of: Option<Contact>,
    ) {
        // The record may hold the list of an earlier lookup, which could have ended in many ways.
        self.candidates.release(self.searches.open(lookup, node).candidates);
        self.touch(node, key, context.now());
        let count = self.results(lookup).max(self.config.k as usize);
        self.gather(node, key, count);
        let mut candidates = List::EMPTY;
        for contact in self.nearest.iter() {
            self.candidates.push(&mut candidates, Candidate { contact, depth: 1, state: State::Named });
        }
        // The first round is one of `alpha`.
        self.searches[lookup] = Search { candidates, brought_nearer: true, ..Search::default() };
        // A refresh gives those another chance that count as gone: they may have been out of reach for a while only,
        // which is what the paper keeps them for. They come on top of the others, or else a bucket of the dead would
        // have nobody to ask.
        let is_refresh = matches!(context.lookup(lookup), Some(Lookup { purpose: Purpose::Task(Task::Refresh), .. }));
        if is_refresh && self.config.keep_stale {
            self.gather_among(node, key, count, Among::ALL);
            self.handed.clear();
            self.handed.extend(self.nearest.iter());
            for place in 0..self.handed.len() {
                self.hear_of(lookup, key, self.handed[place], 1, 0);
            }
        }
        if let Some(member) = told_of {
            self.hear_of(lookup, key, member, 1, 0);
        }
        self.searches[lookup].first_named = 0;
        self.go_on(context, node, key, lookup);
    }

    /// Puts the nearest contacts of `node` into `self.nearest`. Those that count as gone are a last resort for itself.
    pub(super) fn gather(&mut self, node: Slot, key: u64, count: usize) {
        self.gather_among(node, key, count, self.present());
        if self.nearest.iter().next().is_none() {
            self.gather_among(node, key, count, Among::ALL);
        }
    }

    /// The same of those that `among` lets count.
    pub(super) fn gather_among(&mut self, node: Slot, key: u64, count: usize, among: Among) {
        let mut nearest = std::mem::take(&mut self.nearest);
        self.collect_nearest(node, key, count, among, &mut nearest);
        self.nearest = nearest;
    }

    /// Asks for the memory of a lookup.
    #[inline(always)]
    pub(super) fn prefetch_search(&self, lookup: LookupId) {
        self.searches.prefetch(lookup);
    }

    /// The same for whom it has heard of.
    #[inline(always)]
    pub(super) fn prefetch_candidates(&self, lookup: LookupId) {
        if let Some(search) = self.searches.get(lookup) {
            prefetch(self.candidates.get(search.candidates));
        }
    }

    /// Asks whoever is to be asked next, or ends.
    fn go_on(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        if self.has_ended(key, lookup) {
            return self.end_search(context, node, key, lookup);
        }
        let client_mode = self.client_mode(node);
        let (alpha, window) = (self.config.alpha as usize, self.window(lookup));
        let mut search = self.searches[lookup];
        let is_new_round = search.left_of_round == 0;
        if is_new_round {
            search.asks_all = self.config.final_step && !search.brought_nearer;
            search.brought_nearer = false;
        }
        // So many of the nearest are asked, however many requests are under way.
        let at_once = match (search.asks_all, self.config.parallelism) {
            (true, _) => self.results(lookup).max(alpha),
            (false, Parallelism::Loose) => alpha,
            (false, Parallelism::Strict | Parallelism::FirstAnswer) => 0,
        };
        let most_under_way = match self.config.parallelism {
            Parallelism::Strict | Parallelism::Loose => alpha,
            // Nobody new is a reason to wait for the others, and if there are none, to ask whoever is left.
            Parallelism::FirstAnswer if search.under_way == 0 && search.first_named == 0 => alpha,
            Parallelism::FirstAnswer => usize::from(search.under_way) + alpha.min(search.first_named.into()),
        };
        search.first_named = 0;
        let candidates = self.candidates.get_mut(search.candidates);
        let present = candidates.iter_mut().filter(|candidate| candidate.state != State::Silent);
        for (nearer, candidate) in present.take(window).enumerate() {
            if candidate.state != State::Named {
                continue;
            }
            if nearer >= at_once && usize::from(search.under_way) >= most_under_way {
                break;
            }
            search.under_way += 1;
            candidate.state = State::Asked;
            let request = Message::FindNode { key, lookup, client_mode };
            context.request(node, candidate.contact, request, message::FIND_NODE, Some(lookup));
        }
        if is_new_round {
            search.left_of_round = search.under_way;
        }
        self.searches[lookup] = search;
    }

    /// Nodes that a lookup is to find.
    fn results(&self, lookup: LookupId) -> usize {
        let results = if lookup.is_workload() { self.config.results } else { self.config.upkeep_results };
        results as usize
    }

    /// How many of the nearest nodes a lookup may ask, at any time.
    fn window(&self, lookup: LookupId) -> usize {
        self.results(lookup).max(self.config.k.max(self.config.alpha) as usize)
    }

    /// Whether all of the nearest that a lookup is to find have answered. Early ends are for lookups of the workload
    /// only: those of upkeep are to find all that is near.
    fn has_ended(&self, key: u64, lookup: LookupId) -> bool {
        let results = self.results(lookup);
        let tolerance = self.config.tolerance_bits;
        let candidates = self.candidates.get(self.searches[lookup].candidates);
        let present = candidates.iter().filter(|candidate| candidate.state != State::Silent);
        let has_answered = |candidate: &&Candidate| candidate.state == State::Answered;
        let agrees = |candidate: &&Candidate| distance(candidate.contact.id(), key).leading_zeros() >= tolerance;
        let in_zone = || present.clone().take(self.window(lookup)).filter(has_answered).filter(agrees).count();
        (tolerance > 0 && lookup.is_workload() && in_zone() >= results)
            || present.clone().take(results).all(|candidate| has_answered(&candidate))
    }

    /// Distance from the key of the nearest that has been heard of and is not silent.
    fn nearest_heard_of(&self, key: u64, lookup: LookupId) -> u64 {
        let candidates = self.candidates.get(self.searches[lookup].candidates);
        let nearest = candidates.iter().find(|candidate| candidate.state != State::Silent);
        nearest.map_or(u64::MAX, |candidate| distance(candidate.contact.id(), key))
    }

    /// Answers a request: the nearest contacts known, but for whoever asks.
    pub(super) fn find_node(&mut self, node: Slot, from: Contact, key: u64) -> (Message, Charge) {
        let count = self.config.answers as usize;
        let among = Among { without: distance(from.id(), key), ..self.present() };
        self.gather_among(node, key, count, among);
        self.handed.clear();
        self.handed.extend(self.nearest.iter());
        let charge = message::nodes(self.handed.len() as u32);
        (Message::Nodes(self.contacts.from_slice(&self.handed)), charge)
    }

    /// `from` names the nodes nearest to the key that it knows.
    pub(super) fn nodes_named(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        key: u64,
        lookup: LookupId,
        from: Contact,
        named: List,
    ) {
        if context.lookup(lookup).is_none() {
            return;
        }
        if let Some((depth, asked)) = self.settle(lookup, from, State::Answered) {
            if asked == State::Asked {
                if self.config.death_notice {
                    self.tell_who_names_the_dead(context, node, lookup, from, named);
                }
                self.take_up(node, key, lookup, (from, depth), named);
            }
            let may_end = self.config.ends_at == EndsAt::FirstOwner && lookup.is_workload();
            if may_end && self.knows_nobody_nearer(from, key, named) {
                // It leaves out whoever asks.
                let own = self.own(node);
                let is_own = !self.node(node).client_mode && distance(own.id(), key) < distance(from.id(), key);
                let (owner, hops) = if is_own { (own, 0) } else { (from, depth - 1) };
                return conclude(self, context, node, lookup, owner, hops);
            }
        }
        self.go_on(context, node, key, lookup);
    }

    /// Hears of those that `from` names, which was heard of at `depth` itself.
    fn take_up(&mut self, node: Slot, key: u64, lookup: LookupId, (from, depth): (Contact, u8), named: List) {
        let own = self.node(node).id;
        let nearest_before = self.nearest_heard_of(key, lookup);
        let mut place = 0;
        for number in 0..named.len() {
            let contact = self.contacts.get(named)[number];
            if contact.id() != own {
                self.keep_naming(node, lookup, contact, from);
                place = self.hear_of(lookup, key, contact, depth.saturating_add(1), place);
            }
        }
        self.searches[lookup].brought_nearer |= self.nearest_heard_of(key, lookup) < nearest_before;
        if self.config.parallelism == Parallelism::FirstAnswer && lookup.is_workload() {
            let candidates = self.candidates.get_mut(self.searches[lookup].candidates).iter_mut();
            candidates.filter(|candidate| candidate.state == State::Asked).for_each(|it| it.state = State::Unheard);
        }
    }

    /// Whether a node that the lookup has heard of did not answer it.
    pub(super) fn was_silent(&self, lookup: LookupId, contact: Contact) -> bool {
        let candidates = self.candidates.get(self.searches[lookup].candidates);
        candidates.iter().any(|candidate| candidate.contact == contact && candidate.state == State::Silent)
    }

    fn knows_nobody_nearer(&self, node: Contact, key: u64, named: List) -> bool {
        let away = distance(node.id(), key);
        self.contacts.get(named).iter().all(|contact| distance(contact.id(), key) > away)
    }

    /// A node that was asked has answered, or has not. Returns its depth and what it was before; `None` if it has been
    /// crowded out since: then those that it names do not matter any more.
    fn settle(&mut self, lookup: LookupId, contact: Contact, state: State) -> Option<(u8, State)> {
        let search = &mut self.searches[lookup];
        search.under_way -= 1;
        search.left_of_round = search.left_of_round.saturating_sub(1);
        let mut candidates = self.candidates.get_mut(search.candidates).iter_mut();
        let is_asked = |candidate: &Candidate| matches!(candidate.state, State::Asked | State::Unheard);
        let candidate = candidates.find(|candidate| candidate.contact == contact && is_asked(candidate))?;
        Some((candidate.depth, std::mem::replace(&mut candidate.state, state)))
    }

    /// Puts a node among the candidates, where it is not before `place`. Returns its place.
    fn hear_of(&mut self, lookup: LookupId, key: u64, contact: Contact, depth: u8, place: usize) -> usize {
        let window = self.window(lookup);
        let most = CANDIDATES * window + SPARE_CANDIDATES;
        let search = &mut self.searches[lookup];
        let away = distance(contact.id(), key);
        let known = self.candidates.get_mut(search.candidates);
        let before = known[place..].iter().take_while(|candidate| distance(candidate.contact.id(), key) < away);
        let place = place + before.count();
        let heard = Candidate { contact, depth, state: State::Named };
        match known.get_mut(place).filter(|candidate| candidate.contact.id() == contact.id()) {
            // It has come back at another address.
            Some(same) if same.state == State::Silent && same.contact != contact => *same = heard,
            Some(_) => {}
            None if place >= most => {}
            None => {
                self.candidates.truncate(&mut search.candidates, most - 1);
                self.candidates.insert(&mut search.candidates, place, heard);
                search.first_named += u16::from(place < window);
            }
        }
        place
    }

    /// `silent` did not answer.
    pub(super) fn nobody_named(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        key: u64,
        lookup: LookupId,
        silent: Contact,
    ) {
        if context.lookup(lookup).is_some() {
            self.settle(lookup, silent, State::Silent);
            self.go_on(context, node, key, lookup);
        }
    }

    /// The nearest have answered, or nobody is left to ask.
    fn end_search(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        let own = self.own(node);
        let candidates = self.candidates.get(self.searches[lookup].candidates);
        let is_alone = candidates.is_empty();
        let results = self.results(lookup);
        let answered = candidates.iter().filter(|candidate| candidate.state == State::Answered);
        let mut found: Option<(Contact, u8)> = None;
        self.handed.clear();
        for candidate in answered.take(results) {
            found = found.or(Some((candidate.contact, candidate.depth - 1)));
            self.handed.push(candidate.contact);
        }
        // Who has heard from nobody is the nearest that it knows to be alive. That is no place to join, though.
        let may_be_alone = is_alone || lookup.is_workload();
        if !self.node(node).client_mode && (may_be_alone || found.is_some()) {
            let is_nearest = found.is_none_or(|(best, _)| distance(own.id(), key) < distance(best.id(), key));
            found = if is_nearest { Some((own, 0)) } else { found };
            let away = distance(own.id(), key);
            let place = self.handed.partition_point(|contact| distance(contact.id(), key) < away);
            self.handed.insert(place, own);
            self.handed.truncate(results);
        }
        match found {
            Some((owner, hops)) => {
                context.closest_found(lookup, &self.handed, results as u32);
                conclude(self, context, node, lookup, owner, hops);
            }
            None => give_up(self, context, node, lookup),
        }
    }

    /// Whether requests of `node` say that it only asks.
    pub(super) fn client_mode(&self, node: Slot) -> bool {
        self.node(node).client_mode && !self.config.learn_unreachable
    }
}
