//! Chord from the papers: Stoica et al., IEEE/ACM ToN 11(1), 2003 (figures 5 and 6), and for the corrected rules of
//! maintenance Zave, IEEE TSE 43(12), 2017.
//!
//! It knows what the comparison needs: iterative and recursive lookups, successor lists, both rules, crashes and
//! joins, loss. It has no virtual nodes, no farewells and no NAT.

use crate::options::Options;
use crate::world::{Cause, Node, Protocol, World};

const STABILIZE: usize = 0;
const FIX_FINGERS: usize = 1;
const CHECK_PREDECESSOR: usize = 2;
/// And from here on one for each search.
const OVERDUE: usize = 3;

const JOIN_RETRY_AFTER_S: f64 = 1.0;

/// Why neighbours are asked for.
#[derive(Clone, Copy)]
pub enum Why {
    /// To join behind this node.
    Join,
    /// A round of stabilisation.
    Round,
    /// It may be the nearer successor.
    Candidate,
}

/// Requests. Searches and queries are numbers of records.
#[derive(Clone, Copy)]
pub enum Request {
    /// What is the next step of this search?
    Step(usize),
    /// Who are your predecessor and successors?
    Neighbours(Why),
    /// I may be your predecessor.
    Notify,
    /// Are you there? If not, the candidate or nobody is my predecessor.
    Ping(Option<Node>),
    /// Carry this query on.
    Forward(usize),
    /// Carry this answer back.
    Back(usize),
}

/// What a node says about a key.
#[derive(Clone, Copy)]
pub enum Step {
    /// It belongs to this node.
    Owner(Node),
    /// This node is nearer.
    Next(Node),
}

/// Replies.
pub enum Reply {
    /// The next step.
    Step(Step),
    /// Predecessor and successors.
    Neighbours(Option<Node>, Vec<Node>),
    /// Nothing but that it is there.
    Here,
}

#[derive(Clone, Copy)]
enum Purpose {
    Workload(usize),
    Finger(usize),
    /// Begins at the member that the node was told of.
    Join(Node),
}

/// A lookup, of the workload or of the node's own.
struct Search {
    node: Node,
    key: u64,
    purpose: Purpose,
    dead: Vec<Node>,
    /// Who is asked, and who named it; nobody did, if it is asked once more for somebody else.
    asked: Node,
    namer: Option<Node>,
    hops: u64,
    silent: usize,
    is_done: bool,
}

/// A query that is handed on, as the one holds it who does so.
struct Query {
    search: usize,
    /// Who handed it on, the initiator first.
    path: Vec<Node>,
    /// Who did not take it.
    dead: Vec<Node>,
    /// On the way back: who named the owner, the owner, and hops.
    found: Option<(Node, Node, u64)>,
}

#[derive(Default)]
struct Tables {
    id: u64,
    successors: Vec<Node>,
    predecessor: Option<Node>,
    /// The i-th is the first node known at or after the identifier + 2^i.
    fingers: Vec<Option<Node>>,
    turn: usize,
}

/// A run of Chord.
pub struct Chord {
    tables: Vec<Tables>,
    searches: Vec<Search>,
    queries: Vec<Query>,
    list_length: usize,
    is_corrected: bool,
    periods: [Option<f64>; 3],
    is_recursive: bool,
    retries: usize,
    deadline: f64,
    mends: bool,
    ends_at_predecessor: bool,
}

impl Chord {
    /// Reads the options, which have the names of `[protocol.chord]`.
    pub fn new(options: &Options) -> Self {
        Self {
            tables: Vec::new(),
            searches: Vec::new(),
            queries: Vec::new(),
            list_length: options.count("successors"),
            is_corrected: options.text("maintenance") != Some("original"),
            periods: ["stabilize_every", "fix_fingers_every", "check_predecessor_every"]
                .map(|key| options.maybe_seconds(key)),
            is_recursive: options.text("routing") == Some("recursive"),
            retries: options.count("retries"),
            deadline: options.seconds("lookup_deadline"),
            mends: options.is("lookups_mend_tables"),
            ends_at_predecessor: options.text("lookups_end_at") == Some("predecessor"),
        }
    }

    /// How far clockwise an identifier lies from a node.
    fn distance(&self, node: Node, id: u64) -> u64 {
        id.wrapping_sub(self.tables[node].id)
    }

    /// Whether `candidate` lies strictly between `node` and `end`; between a node and itself lies the whole ring.
    fn is_between(&self, node: Node, candidate: Node, end: Node) -> bool {
        let far = self.distance(node, self.tables[candidate].id);
        far > 0 && (node == end || far < self.distance(node, self.tables[end].id))
    }

    /// Figure 5, with the entries of the successor list among the fingers.
    fn step(&self, node: Node, key: u64, dead: &[Node]) -> Option<Step> {
        let tables = &self.tables[node];
        let mut successors = tables.successors.iter().copied().filter(|other| !dead.contains(other)).peekable();
        let &successor = successors.peek()?;
        let far = self.distance(node, key);
        if far > 0 && far <= self.distance(node, self.tables[successor].id) {
            return Some(Step::Owner(successor));
        }
        // The node's own identifier is a whole ring away.
        let is_before = |other: Node| far == 0 || self.distance(node, self.tables[other].id) < far;
        let last = if far == 0 { 63 } else { far.ilog2() as usize };
        let finger = (0..=last).rev().filter_map(|i| tables.fingers[i]).find(|f| !dead.contains(f) && is_before(*f));
        successors
            .chain(finger)
            .filter(|&other| is_before(other))
            .max_by_key(|&other| self.distance(node, self.tables[other].id))
            .map(Step::Next)
    }

    fn strike(&mut self, node: Node, dead: Node) {
        let tables = &mut self.tables[node];
        tables.successors.retain(|&other| other != dead);
        for finger in &mut tables.fingers {
            if *finger == Some(dead) {
                *finger = None;
            }
        }
    }

    // Keeping the ring: figure 6, `stabilize` and `notify`; Zave's `stabilizeFromSuccessor`,
    // `stabilizeFromPredecessor` and `rectify`.

    fn stabilize(&mut self, world: &mut World<Self>, node: Node) {
        if let Some(&successor) = self.tables[node].successors.first() {
            world.ask(node, successor, None, 0, Request::Neighbours(Why::Round));
        } else {
            // All of the list has died, which the papers assume away: the node joins again.
            self.arrive(world, node);
        }
    }

    /// Takes over a successor and its list.
    fn take_over(&mut self, node: Node, successor: Node, its: &[Node]) {
        let list = &mut self.tables[node].successors;
        list.clear();
        list.push(successor);
        list.extend(its.iter().copied().take_while(|&other| other != node).take(self.list_length - 1));
    }

    fn stabilized(&mut self, world: &mut World<Self>, node: Node, from: Node, predecessor: Option<Node>, its: &[Node]) {
        if self.tables[node].successors.first() != Some(&from) {
            return;
        }
        self.take_over(node, from, its);
        match predecessor.filter(|&candidate| self.is_between(node, candidate, from)) {
            None => world.send(node, from, None, 1, Request::Notify),
            Some(candidate) if self.is_corrected => {
                world.ask(node, candidate, None, 0, Request::Neighbours(Why::Candidate));
            }
            Some(candidate) => {
                let list = &mut self.tables[node].successors;
                list.insert(0, candidate);
                list.truncate(self.list_length);
                world.send(node, candidate, None, 1, Request::Notify);
            }
        }
    }

    fn notified(&mut self, world: &mut World<Self>, node: Node, by: Node) {
        if !world.is_member(node) {
            return;
        }
        match self.tables[node].predecessor {
            Some(old) if old == by => {}
            Some(old) if !self.is_between(old, by, node) => {
                if self.is_corrected {
                    world.ask(node, old, None, 0, Request::Ping(Some(by)));
                }
            }
            _ => self.tables[node].predecessor = Some(by),
        }
    }

    // Fingers: figure 6, `fix_fingers`. Only those are kept that can be others than the first successor.

    fn first_kept(&self, node: Node) -> usize {
        let successor = self.tables[node].successors.first();
        successor.map_or(64, |&other| self.distance(node, self.tables[other].id).max(1).ilog2() as usize + 1)
    }

    fn fix_fingers(&mut self, world: &mut World<Self>, node: Node) {
        let first = self.first_kept(node);
        if first < 64 {
            let turn = self.tables[node].turn;
            let index = if (first..64).contains(&turn) { turn } else { first };
            self.tables[node].turn = index + 1;
            self.refresh(world, node, index);
        }
    }

    fn refresh(&mut self, world: &mut World<Self>, node: Node, index: usize) {
        let key = self.tables[node].id.wrapping_add(1 << index);
        self.search(world, node, key, Purpose::Finger(index));
    }

    /// Finger `index` is found, and with it those after it that begin before the same node.
    fn finger_found(&mut self, node: Node, index: usize, owner: Node) {
        let far = self.distance(node, self.tables[owner].id);
        if far == 0 {
            self.tables[node].fingers[index..].fill(None);
            return;
        }
        let last = (far.ilog2() as usize).max(index);
        let tables = &mut self.tables[node];
        tables.fingers[index..=last].fill(Some(owner));
        if tables.turn == index + 1 {
            tables.turn = last + 1;
        }
    }

    // Iterative lookups: the initiator asks node after node.

    fn search(&mut self, world: &mut World<Self>, node: Node, key: u64, purpose: Purpose) {
        let number = self.searches.len();
        let dead = Vec::new();
        self.searches.push(Search {
            node,
            key,
            purpose,
            dead,
            asked: node,
            namer: None,
            hops: 0,
            silent: 0,
            is_done: false,
        });
        if !matches!(purpose, Purpose::Workload(_)) {
            world.after(node, OVERDUE + number, self.deadline);
        }
        if self.is_recursive {
            self.carry(world, node, Query { search: number, path: Vec::new(), dead: Vec::new(), found: None });
        } else {
            self.begin(world, number);
        }
    }

    /// Begins, or begins again, with what the node knows itself.
    fn begin(&mut self, world: &mut World<Self>, number: usize) {
        let search = &mut self.searches[number];
        search.asked = search.node;
        search.hops = 0;
        let search = &self.searches[number];
        match self.first_step(search.node, search, &search.dead) {
            Some(step) => self.go_on(world, number, step),
            None => self.lose(world, number),
        }
    }

    /// The step that `node` says. A node that joins knows nobody but the member that it was told of.
    fn first_step(&self, node: Node, search: &Search, dead: &[Node]) -> Option<Step> {
        match search.purpose {
            Purpose::Join(member) if node == search.node => (!dead.contains(&member)).then_some(Step::Next(member)),
            _ => self.step(node, search.key, dead),
        }
    }

    fn cause(&self, number: usize) -> Cause {
        if let Purpose::Workload(lookup) = self.searches[number].purpose { Some(lookup) } else { None }
    }

    fn is_over(&self, world: &World<Self>, number: usize) -> bool {
        self.cause(number).is_some_and(|lookup| world.lookups[lookup].is_over) || self.searches[number].is_done
    }

    fn go_on(&mut self, world: &mut World<Self>, number: usize, step: Step) {
        if self.is_over(world, number) {
            return;
        }
        let search = &mut self.searches[number];
        match step {
            Step::Next(next) => {
                search.namer = Some(search.asked);
                search.asked = next;
                search.hops += 1;
                self.put(world, number);
            }
            Step::Owner(owner) => {
                let (asked, hops) = (search.asked, search.hops);
                self.found(world, number, asked, owner, hops);
            }
        }
    }

    /// `namer` says that `owner` is the owner.
    fn found(&mut self, world: &mut World<Self>, number: usize, namer: Node, owner: Node, hops: u64) {
        let search = &mut self.searches[number];
        if std::mem::replace(&mut search.is_done, true) {
            return;
        }
        let node = search.node;
        match search.purpose {
            Purpose::Workload(lookup) => {
                world.name(self, lookup, if self.ends_at_predecessor { namer } else { owner }, hops);
            }
            Purpose::Finger(index) => self.finger_found(node, index, owner),
            Purpose::Join(_) => world.ask(node, owner, None, 0, Request::Neighbours(Why::Join)),
        }
    }

    fn put(&self, world: &mut World<Self>, number: usize) {
        let search = &self.searches[number];
        let named = 1 + search.dead.len() as u64;
        world.ask(search.node, search.asked, self.cause(number), named, Request::Step(number));
    }

    fn lose(&mut self, world: &mut World<Self>, number: usize) {
        if std::mem::replace(&mut self.searches[number].is_done, true) {
            return;
        }
        match self.searches[number].purpose {
            Purpose::Workload(lookup) => world.fail(lookup),
            Purpose::Join(_) => world.arrive_again(self.searches[number].node, JOIN_RETRY_AFTER_S),
            Purpose::Finger(_) => {}
        }
    }

    /// The node that was asked did not answer: whoever named it is asked for another, or the lookup begins again.
    fn unanswered(&mut self, world: &mut World<Self>, number: usize) {
        if self.is_over(world, number) {
            return;
        }
        let search = &mut self.searches[number];
        let (node, silent) = (search.node, search.asked);
        search.silent += 1;
        search.dead.push(silent);
        let namer = search.namer.take().filter(|namer| *namer != node && !search.dead.contains(namer));
        let has_given_up = search.silent >= self.retries;
        if self.mends {
            self.strike(node, silent);
        }
        if has_given_up {
            self.lose(world, number);
        } else if let Some(namer) = namer {
            let search = &mut self.searches[number];
            search.asked = namer;
            search.hops -= 1;
            self.put(world, number);
        } else {
            self.begin(world, number);
        }
    }

    // Recursive lookups: the query is handed on, each hop acknowledged, and the answer comes back along the path.

    fn carry(&mut self, world: &mut World<Self>, node: Node, query: Query) {
        match self.first_step(node, &self.searches[query.search], &query.dead) {
            Some(Step::Owner(owner)) => {
                let found = Some((node, owner, query.path.len() as u64));
                self.carry_back(world, node, Query { found, ..query });
            }
            Some(Step::Next(next)) => {
                let (cause, named) = (self.cause(query.search), 2 + query.path.len() as u64);
                self.queries.push(query);
                world.ask(node, next, cause, named, Request::Forward(self.queries.len() - 1));
            }
            None if query.path.is_empty() => self.lose(world, query.search),
            None => {}
        }
    }

    fn carry_back(&mut self, world: &mut World<Self>, node: Node, mut query: Query) {
        let (namer, owner, hops) = query.found.expect("only answers are carried back");
        match query.path.pop() {
            None if node == self.searches[query.search].node => self.found(world, query.search, namer, owner, hops),
            None => {}
            Some(last) => {
                let (cause, named) = (self.cause(query.search), 2 + query.path.len() as u64);
                self.queries.push(query);
                world.ask(node, last, cause, named, Request::Back(self.queries.len() - 1));
            }
        }
    }

    /// A copy of a query, for another node to hold.
    fn copy(&self, number: usize) -> Query {
        let query = &self.queries[number];
        Query { search: query.search, path: query.path.clone(), dead: Vec::new(), found: query.found }
    }

    fn start_timers(&self, world: &mut World<Self>, node: Node) {
        for (timer, period) in self.periods.into_iter().enumerate() {
            world.every(node, timer, period);
        }
    }

    fn first_from(world: &World<Self>, id: u64) -> Node {
        let first = world.members.range(id..).next().or_else(|| world.members.iter().next());
        *first.expect("somebody is there").1
    }

    fn add_tables(&mut self, world: &World<Self>) {
        for node in self.tables.len()..world.population() {
            self.tables.push(Tables { id: world.id(node), fingers: vec![None; 64], ..Tables::default() });
        }
    }
}

impl Protocol for Chord {
    type Request = Request;
    type Reply = Reply;

    fn converge(&mut self, world: &mut World<Self>) {
        self.add_tables(world);
        let ring: Vec<Node> = world.members.values().copied().collect();
        let around = |place: usize| ring[place % ring.len()];
        for (place, &node) in ring.iter().enumerate() {
            let tables = &mut self.tables[node];
            tables.predecessor = Some(around(place + ring.len() - 1));
            tables.successors = (1..=self.list_length).map(|i| around(place + i)).collect();
            for index in self.first_kept(node)..64 {
                let start = world.id(node).wrapping_add(1 << index);
                self.tables[node].fingers[index] = Some(Self::first_from(world, start)).filter(|&f| f != node);
            }
            self.start_timers(world, node);
        }
    }

    fn arrive(&mut self, world: &mut World<Self>, node: Node) {
        self.add_tables(world);
        if let Some(member) = world.some_member() {
            self.search(world, node, world.id(node), Purpose::Join(member));
        }
    }

    fn look_up(&mut self, world: &mut World<Self>, lookup: usize) {
        self.search(world, world.lookups[lookup].initiator, world.lookups[lookup].key, Purpose::Workload(lookup));
    }

    fn answer(&mut self, world: &mut World<Self>, node: Node, from: Node, request: Request) -> Option<(Reply, u64)> {
        match request {
            Request::Step(number) => {
                let search = &self.searches[number];
                Some((Reply::Step(self.step(node, search.key, &search.dead)?), 1))
            }
            Request::Neighbours(_) => {
                let tables = &self.tables[node];
                let named = 1 + tables.successors.len() as u64;
                (named > 1).then(|| (Reply::Neighbours(tables.predecessor, tables.successors.clone()), named))
            }
            Request::Notify => {
                self.notified(world, node, from);
                None
            }
            Request::Ping(_) => Some((Reply::Here, 0)),
            Request::Forward(number) => {
                let mut query = self.copy(number);
                query.path.push(from);
                self.carry(world, node, query);
                Some((Reply::Here, 0))
            }
            Request::Back(number) => {
                let query = self.copy(number);
                self.carry_back(world, node, query);
                Some((Reply::Here, 0))
            }
        }
    }

    fn reply(&mut self, world: &mut World<Self>, node: Node, from: Node, request: Request, reply: Reply) {
        match (request, reply) {
            (Request::Step(number), Reply::Step(step)) => self.go_on(world, number, step),
            (Request::Neighbours(Why::Join), Reply::Neighbours(predecessor, its)) => {
                // The reply is that of a first round of stabilisation.
                self.tables[node].successors = vec![from];
                let is_back = world.is_member(node);
                world.become_member(node);
                self.stabilized(world, node, from, predecessor, &its);
                if is_back {
                    return;
                }
                self.start_timers(world, node);
                for index in self.first_kept(node)..64 {
                    self.refresh(world, node, index);
                }
            }
            (Request::Neighbours(Why::Round), Reply::Neighbours(predecessor, its)) => {
                self.stabilized(world, node, from, predecessor, &its);
            }
            (Request::Neighbours(Why::Candidate), Reply::Neighbours(_, its)) => {
                if self.tables[node].successors.first().is_none_or(|&first| self.is_between(node, from, first)) {
                    self.take_over(node, from, &its);
                }
                world.send(node, self.tables[node].successors[0], None, 1, Request::Notify);
            }
            _ => {}
        }
    }

    fn silence(&mut self, world: &mut World<Self>, node: Node, silent: Node, request: Request) {
        match request {
            Request::Step(number) => self.unanswered(world, number),
            Request::Neighbours(Why::Join) => world.arrive_again(node, JOIN_RETRY_AFTER_S),
            Request::Neighbours(Why::Round) => {
                self.strike(node, silent);
                self.stabilize(world, node);
            }
            Request::Neighbours(Why::Candidate) => {
                if let Some(&successor) = self.tables[node].successors.first() {
                    world.send(node, successor, None, 1, Request::Notify);
                }
            }
            Request::Ping(candidate) => {
                if self.tables[node].predecessor == Some(silent) {
                    self.tables[node].predecessor = candidate;
                }
            }
            Request::Forward(number) => {
                if self.mends {
                    self.strike(node, silent);
                }
                let mut query = self.copy(number);
                query.dead.clone_from(&self.queries[number].dead);
                query.dead.push(silent);
                self.carry(world, node, query);
            }
            Request::Back(number) => {
                let query = self.copy(number);
                self.carry_back(world, node, query);
            }
            Request::Notify => {}
        }
    }

    fn tick(&mut self, world: &mut World<Self>, node: Node, timer: usize) {
        match timer {
            STABILIZE => self.stabilize(world, node),
            FIX_FINGERS => self.fix_fingers(world, node),
            CHECK_PREDECESSOR => {
                if let Some(predecessor) = self.tables[node].predecessor {
                    world.ask(node, predecessor, None, 0, Request::Ping(None));
                }
            }
            search => self.lose(world, search - OVERDUE),
        }
    }

    fn owner(&self, world: &World<Self>, key: u64) -> Node {
        if self.ends_at_predecessor {
            let before = world.members.range(..key).next_back().or_else(|| world.members.iter().next_back());
            return *before.expect("somebody is there").1;
        }
        Self::first_from(world, key)
    }

    fn health(&self, world: &World<Self>) -> Vec<(&'static str, f64)> {
        let (mut wrong, mut fingers, mut wrong_fingers) = (0, 0_usize, 0_usize);
        for (&id, &node) in &world.members {
            let following = Self::first_from(world, id.wrapping_add(1));
            wrong += usize::from(self.tables[node].successors.first() != Some(&following));
            for index in self.first_kept(node)..64 {
                let right = Self::first_from(world, id.wrapping_add(1 << index));
                fingers += 1;
                wrong_fingers += usize::from(self.tables[node].fingers[index] != Some(right).filter(|&f| f != node));
            }
        }
        vec![
            ("wrong_successor_share", wrong as f64 / world.members.len() as f64),
            ("wrong_finger_share", wrong_fingers as f64 / fingers.max(1) as f64),
        ]
    }
}
