//! How requests and lookups end, before anybody judges them.

use crate::node::{Contact, Ended};

/// What became of requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exchanges {
    /// The caller got the reply, in time.
    pub answered: u64,
    /// The caller's timeout expired.
    pub timed_out: u64,
    /// The caller was gone before either.
    pub abandoned: u64,
}

/// How a lookup ended, before it is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LookupResult {
    /// A node was named as the owner.
    Answer { owner: Contact, hops: u32 },
    /// The initiator gave up.
    GivenUp,
    /// The deadline passed.
    CutOff,
    /// The initiator is gone.
    InitiatorDeparted,
}

impl From<LookupResult> for Ended {
    fn from(result: LookupResult) -> Self {
        match result {
            LookupResult::Answer { .. } => Ended::Answered,
            LookupResult::GivenUp => Ended::GivenUp,
            LookupResult::CutOff => Ended::CutOff,
            LookupResult::InitiatorDeparted => Ended::InitiatorDeparted,
        }
    }
}
