//! Kademlia from the paper: Maymounkov and Mazieres, IPTPS 2002, with binary trees (b = 1) and 64-bit identifiers.
//!
//! It knows what the comparison needs: iterative lookups with strict and loose parallelism, k-buckets that split,
//! replacement caches, pings of the contact seen longest ago, refreshes, joins. It stores no values.

use crate::options::Options;
use crate::world::{Cause, Node, Protocol, World};

const REFRESH: usize = 0;
/// And from here on one for each search.
const OVERDUE: usize = 1;

const JOIN_RETRY_AFTER_S: f64 = 1.0;

/// Sums of seconds are not exact: what is due at a look must not wait for the next.
const ROUNDING_S: f64 = 1e-6;

/// Requests.
#[derive(Clone, Copy)]
pub enum Request {
    /// Who is nearest to the key of this search?
    FindNode(usize),
    /// Are you there?
    Ping,
}

/// Those nearest to the key; nobody for a ping.
pub type Reply = Vec<Node>;

#[derive(Clone, Copy)]
struct Contact {
    node: Node,
    /// Requests in a row that it did not answer.
    silences: u64,
}

#[derive(Default)]
struct Bucket {
    /// From the one seen longest ago to the one seen last.
    contacts: Vec<Contact>,
    /// In reserve, in the same order.
    cache: Vec<Node>,
    /// When a key in its range was last looked up.
    looked_up: f64,
    /// Who is being pinged.
    pinged: Option<Node>,
}

/// The i-th bucket holds those that agree with the node in i leading bits, the last all who agree in as many or more.
#[derive(Default)]
struct Table {
    id: u64,
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, PartialEq)]
enum Purpose {
    Workload(usize),
    Join,
    Refresh,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Asked,
    Answered,
    Silent,
}

struct Candidate {
    distance: u64,
    node: Node,
    state: State,
    /// How many nodes had to name another until this one was named.
    depth: u64,
}

struct Search {
    node: Node,
    key: u64,
    purpose: Purpose,
    /// Nearest first.
    candidates: Vec<Candidate>,
    under_way: usize,
    /// Requests that are still to end until the present round is over.
    round: usize,
    /// Whether a reply of the round named somebody nearer than all who were known and not silent.
    came_nearer: bool,
    /// Whether the round asks all of those nearest whom the lookup is to find.
    is_final: bool,
    is_over: bool,
}

/// A run of Kademlia.
pub struct Kademlia {
    tables: Vec<Table>,
    searches: Vec<Search>,
    k: usize,
    alpha: usize,
    is_loose: bool,
    has_final_step: bool,
    answers: usize,
    results: usize,
    upkeep_results: usize,
    cache: usize,
    pings_oldest: bool,
    stale_after: u64,
    keeps_stale: bool,
    lookup_deadline: f64,
    refresh_after: Option<f64>,
    refresh_check_every: Option<f64>,
    refreshes_on_join: bool,
}

impl Kademlia {
    /// Reads the options, which have the names of `[protocol.kademlia]`.
    pub fn new(options: &Options) -> Self {
        Self {
            tables: Vec::new(),
            searches: Vec::new(),
            k: options.count("k"),
            alpha: options.count("alpha"),
            is_loose: options.text("parallelism") == Some("loose"),
            has_final_step: options.is("final_step"),
            answers: options.count("answers"),
            results: options.count("results"),
            upkeep_results: options.count("upkeep_results"),
            cache: options.count("replacement_cache"),
            pings_oldest: options.is("ping_oldest"),
            stale_after: options.count("stale_after") as u64,
            keeps_stale: options.is("keep_stale"),
            lookup_deadline: options.seconds("lookup_deadline"),
            refresh_after: options.maybe_seconds("refresh_after"),
            refresh_check_every: options.maybe_seconds("refresh_check_every"),
            refreshes_on_join: options.is("refresh_on_join"),
        }
    }

    fn add_tables(&mut self, world: &World<Self>) {
        for node in self.tables.len()..world.population() {
            self.tables.push(Table { id: world.id(node), buckets: vec![Bucket::default()] });
        }
    }

    // The routing table (2.2, 2.4, 4.1).

    /// The bucket of `node` in whose range an identifier lies.
    fn bucket(&self, node: Node, id: u64) -> usize {
        let agreeing = (self.tables[node].id ^ id).leading_zeros() as usize;
        agreeing.min(self.tables[node].buckets.len() - 1)
    }

    /// `node` has heard from `other`.
    fn hear(&mut self, world: &mut World<Self>, node: Node, other: Node) {
        let index = self.bucket(node, self.tables[other].id);
        let is_last = index + 1 == self.tables[node].buckets.len();
        let bucket = &mut self.tables[node].buckets[index];
        if let Some(place) = bucket.contacts.iter().position(|contact| contact.node == other) {
            bucket.contacts.remove(place);
        } else if bucket.contacts.len() == self.k {
            if is_last && index < 63 {
                self.split(node);
                return self.hear(world, node, other);
            } else if let Some(stale) = bucket.contacts.iter().position(|known| known.silences >= self.stale_after) {
                bucket.contacts.remove(stale);
            } else {
                bucket.cache.retain(|&reserve| reserve != other);
                bucket.cache.push(other);
                if bucket.cache.len() > self.cache {
                    bucket.cache.remove(0);
                }
                let oldest = bucket.contacts[0].node;
                if self.pings_oldest && bucket.pinged.is_none() {
                    bucket.pinged = Some(oldest);
                    world.ask(node, oldest, None, 1, Request::Ping);
                }
                return;
            }
        }
        bucket.cache.retain(|&reserve| reserve != other);
        bucket.contacts.push(Contact { node: other, silences: 0 });
    }

    /// Divides the last bucket.
    fn split(&mut self, node: Node) {
        let depth = self.tables[node].buckets.len() - 1;
        let last = self.tables[node].buckets.pop().expect("there is always a last bucket");
        let mut halves = [Bucket { looked_up: last.looked_up, ..Bucket::default() }, Bucket::default()];
        halves[1].looked_up = last.looked_up;
        let own = self.tables[node].id;
        for contact in last.contacts {
            let half = usize::from((own ^ self.tables[contact.node].id).leading_zeros() as usize > depth);
            halves[half].contacts.push(contact);
        }
        self.tables[node].buckets.extend(halves);
    }

    /// `other` did not answer `node`.
    fn miss(&mut self, node: Node, other: Node) {
        let index = self.bucket(node, self.tables[other].id);
        let bucket = &mut self.tables[node].buckets[index];
        let Some(place) = bucket.contacts.iter().position(|contact| contact.node == other) else {
            bucket.cache.retain(|&reserve| reserve != other);
            return;
        };
        bucket.contacts[place].silences += 1;
        if bucket.contacts[place].silences >= self.stale_after {
            if let Some(reserve) = bucket.cache.pop() {
                bucket.contacts.remove(place);
                bucket.contacts.push(Contact { node: reserve, silences: 0 });
            } else if !self.keeps_stale {
                bucket.contacts.remove(place);
            }
        }
    }

    /// The `count` contacts nearest to a key, without `except`.
    fn nearest(&self, node: Node, key: u64, count: usize, except: Node, with_stale: bool) -> Vec<Node> {
        let contacts = self.tables[node].buckets.iter().flat_map(|bucket| &bucket.contacts);
        let usable = contacts.filter(|other| with_stale || other.silences < self.stale_after);
        let mut all: Vec<(u64, Node)> =
            usable.map(|other| (self.tables[other.node].id ^ key, other.node)).filter(|&(_, n)| n != except).collect();
        if all.len() > count {
            all.select_nth_unstable(count - 1);
            all.truncate(count);
        }
        all.sort_unstable();
        all.into_iter().map(|(_, node)| node).collect()
    }

    // Lookups (2.3).

    fn search(&mut self, world: &mut World<Self>, node: Node, key: u64, purpose: Purpose) {
        let number = self.searches.len();
        let index = self.bucket(node, key);
        self.tables[node].buckets[index].looked_up = world.now;
        let count = self.k.max(self.results);
        let mut known = self.nearest(node, key, count, node, false);
        if known.is_empty() || (purpose == Purpose::Refresh && self.keeps_stale) {
            // Those that count as gone have another chance, beside the others.
            known.extend(self.nearest(node, key, count, node, true));
        }
        self.searches.push(Search {
            node,
            key,
            purpose,
            candidates: Vec::new(),
            under_way: 0,
            round: 0,
            came_nearer: true,
            is_final: false,
            is_over: false,
        });
        if !matches!(purpose, Purpose::Workload(_)) {
            world.after(node, OVERDUE + number, self.lookup_deadline);
        }
        self.hear_of(number, known, 0);
        self.go_on(world, number);
    }

    /// Adds those named to the candidates.
    fn hear_of(&mut self, number: usize, named: Vec<Node>, depth: u64) {
        let search = &mut self.searches[number];
        for node in named.into_iter().filter(|&node| node != search.node) {
            let distance = self.tables[node].id ^ search.key;
            if let Err(place) = search.candidates.binary_search_by_key(&distance, |candidate| candidate.distance) {
                search.candidates.insert(place, Candidate { distance, node, state: State::New, depth });
            }
        }
    }

    fn wanted(&self, search: &Search) -> usize {
        if let Purpose::Workload(_) = search.purpose { self.results } else { self.upkeep_results }
    }

    fn nearest_known(search: &Search) -> u64 {
        search.candidates.iter().find(|other| other.state != State::Silent).map_or(u64::MAX, |other| other.distance)
    }

    /// Ends the search if those that it is to find have answered; else asks whoever is to be asked next.
    fn go_on(&mut self, world: &mut World<Self>, number: usize) {
        let wanted = self.wanted(&self.searches[number]);
        let search = &mut self.searches[number];
        let is_new_round = search.round == 0;
        if is_new_round {
            search.is_final = self.has_final_step && !search.came_nearer;
            search.came_nearer = false;
        }
        let considered: Vec<usize> =
            (0..search.candidates.len()).filter(|&index| search.candidates[index].state != State::Silent).collect();
        if considered.iter().take(wanted).all(|&index| search.candidates[index].state == State::Answered) {
            self.end(world, number);
            return;
        }
        let cause: Cause = if let Purpose::Workload(lookup) = search.purpose { Some(lookup) } else { None };
        for (rank, &index) in considered.iter().take(wanted.max(self.k).max(self.alpha)).enumerate() {
            let is_asked_at_once = (search.is_final && rank < wanted) || (self.is_loose && rank < self.alpha);
            let candidate = &mut search.candidates[index];
            if candidate.state == State::New && (is_asked_at_once || search.under_way < self.alpha) {
                candidate.state = State::Asked;
                search.under_way += 1;
                world.ask(search.node, candidate.node, cause, 2, Request::FindNode(number));
            }
        }
        if is_new_round {
            search.round = search.under_way;
        }
    }

    /// `other` has answered with these contacts, or has not.
    fn heard_back(&mut self, world: &mut World<Self>, number: usize, other: Node, named: Option<Reply>) {
        let search = &mut self.searches[number];
        let is_stopped = matches!(search.purpose, Purpose::Workload(lookup) if world.lookups[lookup].is_over);
        if search.is_over || is_stopped {
            return;
        }
        search.under_way -= 1;
        let found = search.candidates.iter_mut().find(|candidate| candidate.node == other);
        let candidate = found.expect("only candidates are asked");
        candidate.state = if named.is_some() { State::Answered } else { State::Silent };
        let depth = candidate.depth + 1;
        search.round = search.round.saturating_sub(1);
        let nearest = Self::nearest_known(search);
        self.hear_of(number, named.unwrap_or_default(), depth);
        let search = &mut self.searches[number];
        search.came_nearer |= Self::nearest_known(search) < nearest;
        self.go_on(world, number);
    }

    fn end(&mut self, world: &mut World<Self>, number: usize) {
        let search = &mut self.searches[number];
        search.is_over = true;
        let (node, key, purpose) = (search.node, search.key, search.purpose);
        let candidates = std::mem::take(&mut search.candidates);
        let nearest = candidates.iter().find(|candidate| candidate.state == State::Answered);
        match (purpose, nearest) {
            (Purpose::Workload(lookup), Some(nearest)) => {
                let own = self.tables[node].id ^ key;
                if own < nearest.distance {
                    world.name(self, lookup, node, 0);
                } else {
                    world.name(self, lookup, nearest.node, nearest.depth);
                }
            }
            (Purpose::Workload(lookup), None) => world.fail(lookup),
            (Purpose::Join, Some(_)) => self.joined(world, node),
            (Purpose::Join, None) => world.arrive_again(node, JOIN_RETRY_AFTER_S),
            (Purpose::Refresh, _) => {}
        }
    }

    // Joining and refreshing (2.3).

    fn joined(&mut self, world: &mut World<Self>, node: Node) {
        if world.is_member(node) {
            return;
        }
        world.become_member(node);
        world.every(node, REFRESH, self.refresh_check_every);
        if self.refreshes_on_join {
            let own = self.tables[node].id;
            let neighbour = self.nearest(node, own, 1, node, false)[0];
            for index in 0..self.bucket(node, self.tables[neighbour].id) {
                self.refresh(world, node, index);
            }
        }
    }

    /// Looks up a random key in the range of a bucket. In the last one, where the node itself is, its own identifier is
    /// looked up, and a random key in each half that lies beyond all contacts.
    fn refresh(&mut self, world: &mut World<Self>, node: Node, index: usize) {
        let own = self.tables[node].id;
        if index + 1 < self.tables[node].buckets.len() {
            let key = Self::random_key(world, own, index);
            return self.search(world, node, key, Purpose::Refresh);
        }
        let known = self.tables[node].buckets[index].contacts.iter().filter(|other| other.silences < self.stale_after);
        let nearest_half = known.map(|other| (own ^ self.tables[other.node].id).leading_zeros()).min().unwrap_or(0);
        self.search(world, node, own, Purpose::Refresh);
        for half in index..nearest_half as usize {
            let key = Self::random_key(world, own, half);
            self.search(world, node, key, Purpose::Refresh);
        }
    }

    /// A random key that agrees with an identifier in so many leading bits, and not in the next.
    fn random_key(world: &mut World<Self>, own: u64, agreeing: usize) -> u64 {
        let differing = (1 << 63) >> agreeing;
        (own & !(differing - 1) ^ differing) | (world.dice.bits() & (differing - 1))
    }
}

impl Protocol for Kademlia {
    type Request = Request;
    type Reply = Reply;

    fn converge(&mut self, world: &mut World<Self>) {
        self.add_tables(world);
        let members: Vec<Node> = world.members.values().copied().collect();
        for &node in &members {
            let mut others: Vec<Node> = members.iter().copied().filter(|&other| other != node).collect();
            for place in 0..others.len() {
                let other = place + world.dice.below(others.len() - place);
                others.swap(place, other);
            }
            let pings = std::mem::replace(&mut self.pings_oldest, false);
            for other in others {
                self.hear(world, node, other);
            }
            self.pings_oldest = pings;
            for bucket in &mut self.tables[node].buckets {
                bucket.cache.clear();
                bucket.looked_up = -self.refresh_after.unwrap_or(0.0) * world.dice.unit();
            }
            world.every(node, REFRESH, self.refresh_check_every);
        }
    }

    fn arrive(&mut self, world: &mut World<Self>, node: Node) {
        self.add_tables(world);
        let Some(member) = world.some_member() else {
            world.become_member(node);
            world.every(node, REFRESH, self.refresh_check_every);
            return;
        };
        self.hear(world, node, member);
        self.search(world, node, self.tables[node].id, Purpose::Join);
    }

    fn look_up(&mut self, world: &mut World<Self>, lookup: usize) {
        self.search(world, world.lookups[lookup].initiator, world.lookups[lookup].key, Purpose::Workload(lookup));
    }

    fn answer(&mut self, world: &mut World<Self>, node: Node, from: Node, request: Request) -> Option<(Reply, u64)> {
        let named = match request {
            Request::FindNode(number) => self.nearest(node, self.searches[number].key, self.answers, from, false),
            Request::Ping => Vec::new(),
        };
        self.hear(world, node, from);
        let count = named.len() as u64;
        Some((named, count))
    }

    fn reply(&mut self, world: &mut World<Self>, node: Node, from: Node, request: Request, reply: Reply) {
        self.hear(world, node, from);
        match request {
            Request::FindNode(number) => self.heard_back(world, number, from, Some(reply)),
            Request::Ping => self.ping_is_over(node, from),
        }
    }

    fn silence(&mut self, world: &mut World<Self>, node: Node, silent: Node, request: Request) {
        self.miss(node, silent);
        match request {
            Request::FindNode(number) => self.heard_back(world, number, silent, None),
            Request::Ping => self.ping_is_over(node, silent),
        }
    }

    fn tick(&mut self, world: &mut World<Self>, node: Node, timer: usize) {
        if timer >= OVERDUE {
            let search = &mut self.searches[timer - OVERDUE];
            if !std::mem::replace(&mut search.is_over, true) && search.purpose == Purpose::Join {
                world.arrive_again(node, JOIN_RETRY_AFTER_S);
            }
            return;
        }
        let Some(refresh_after) = self.refresh_after else { return };
        let mut contacts = self.tables[node].buckets.iter().flat_map(|bucket| &bucket.contacts);
        if contacts.all(|contact| contact.silences >= self.stale_after) {
            if let Some(member) = world.some_member().filter(|&member| member != node) {
                self.hear(world, node, member);
                self.search(world, node, self.tables[node].id, Purpose::Join);
            }
            return;
        }
        for index in 0..self.tables[node].buckets.len() {
            if self.tables[node].buckets[index].looked_up + refresh_after <= world.now + ROUNDING_S {
                self.refresh(world, node, index);
            }
        }
    }

    fn owner(&self, world: &World<Self>, key: u64) -> Node {
        *world.members.iter().min_by_key(|&(id, _)| id ^ key).expect("somebody is there").1
    }

    fn health(&self, world: &World<Self>) -> Vec<(&'static str, f64)> {
        let (mut contacts, mut dead) = (0_usize, 0_usize);
        for &node in world.members.values() {
            for contact in self.tables[node].buckets.iter().flat_map(|bucket| &bucket.contacts) {
                contacts += 1;
                dead += usize::from(!world.is_alive(contact.node));
            }
        }
        vec![
            ("contacts_mean", contacts as f64 / world.members.len() as f64),
            ("dead_contact_share", dead as f64 / contacts.max(1) as f64),
        ]
    }
}

impl Kademlia {
    fn ping_is_over(&mut self, node: Node, pinged: Node) {
        let index = self.bucket(node, self.tables[pinged].id);
        let bucket = &mut self.tables[node].buckets[index];
        if bucket.pinged == Some(pinged) {
            bucket.pinged = None;
        }
    }
}
