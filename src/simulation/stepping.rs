//! A run that a program plays piece by piece. However it is cut up, it is the same run.

use super::probe::{Happened, Probe};
use super::run::{Simulation, Until};
use crate::engine::time::Time;
use crate::node::Simulated;
use crate::observe::progress::{Monitor, Stopped, Unwatched};
use crate::observe::report::{Recorder, Unrecorded};

impl<P: Simulated> Simulation<P> {
    /// The time that the run has reached: that of the last event, or up to which it was told to go on.
    pub fn now(&self) -> Time {
        self.world.now.max(self.reached)
    }

    /// When the run ends.
    pub fn end(&self) -> Time {
        self.end
    }

    /// Plays on to the next event, and tells which that was; `None` if there is none before the end of the run. What
    /// [`Options`](super::Options) would have recorded is not.
    ///
    /// # Errors
    /// As [`Self::run_to_end`].
    pub fn step(&mut self) -> Result<Option<Happened>, Stopped> {
        let before = self.world.accounts.events;
        let until = Until { time: Time::NEVER, events: before + 1 };
        self.play_on(until, &mut Unwatched, &mut Unrecorded, &mut ())?;
        Ok(self.last_event().filter(|_| self.world.accounts.events > before))
    }

    /// Plays everything that happens before `time`, or before the end of the run, if that is earlier. What is due at
    /// `time` itself has not happened yet. Nothing is recorded.
    ///
    /// # Errors
    /// As [`Self::run_to_end`].
    pub fn run_until(&mut self, time: Time) -> Result<(), Stopped> {
        self.advance(time, &mut Unwatched, &mut Unrecorded, &mut ())
    }

    /// As [`Self::run_until`], with all onlookers. Of a run that is over, [`Self::run`] gives the report.
    ///
    /// # Errors
    /// As [`Self::run_to_end`].
    pub fn advance<B: Probe<P>>(
        &mut self,
        time: Time,
        monitor: &mut dyn Monitor,
        recorder: &mut dyn Recorder,
        probe: &mut B,
    ) -> Result<(), Stopped> {
        self.play_on(Until { time, events: u64::MAX }, monitor, recorder, probe)?;
        if !self.is_over {
            self.reached = self.reached.max(time);
        }
        Ok(())
    }
}
