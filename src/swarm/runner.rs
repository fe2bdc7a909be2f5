//! Plays many seeds on several threads. What comes of a seed depends on nothing but the seed, and results are put in
//! the order of the seeds, so the number of threads does not show.

use super::mode::Mode;
use super::player::{Ended, play};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Seeds that are played before anybody looks whether to go on.
const BATCH: usize = 64;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Request {
    /// The seeds.
    pub seeds: Range<u64>,
    /// Modes; each seed is played in each.
    pub modes: Vec<Mode>,
    /// The protocol of all scenarios; `None` for any.
    pub protocol: Option<String>,
    /// Changes to all scenarios, each `key=value`.
    pub set: Vec<String>,
    /// Whether to go on after something was found.
    pub keep_going: bool,
    /// Threads.
    pub threads: usize,
}

/// Somebody who watches.
pub trait Watcher: Sync {
    /// A seed is about to be played.
    fn begins(&self, seed: u64, mode: Mode);
    /// It has ended.
    fn ended(&self, seed: u64, mode: Mode);
}

/// Plays all that is requested, and hands over how each seed ended, in the order of the seeds. Without `keep_going` the
/// first finding is the last thing handed over. `stop` may be set at any time; then nothing follows.
///
/// # Errors
/// If threads cannot be started.
pub fn swarm(
    request: &Request,
    watcher: &dyn Watcher,
    stop: &AtomicBool,
    mut take: impl FnMut(u64, Mode, Ended),
) -> Result<(), String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(request.threads.max(1)).build();
    let pool = pool.map_err(|error| format!("cannot start threads: {error}"))?;
    let mut next = request.seeds.clone().flat_map(|seed| request.modes.iter().map(move |mode| (seed, *mode)));
    loop {
        let batch: Vec<(u64, Mode)> = next.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let one = |(seed, mode): &(u64, Mode)| {
            if stop.load(Ordering::Relaxed) {
                return Ended::Interrupted;
            }
            watcher.begins(*seed, *mode);
            let ended = play(*seed, *mode, request.protocol.as_deref(), &request.set, stop);
            watcher.ended(*seed, *mode);
            ended
        };
        let ended: Vec<Ended> = pool.install(|| batch.par_iter().with_max_len(1).map(one).collect());
        for ((seed, mode), ended) in batch.into_iter().zip(ended) {
            if ended == Ended::Interrupted {
                return Ok(());
            }
            let is_last = matches!(ended, Ended::Found(_)) && !request.keep_going;
            take(seed, mode, ended);
            if is_last {
                return Ok(());
            }
        }
    }
}
