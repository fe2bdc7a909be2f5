//! How requests and lookups end, before anybody judges them.

use crate::node::Contact;

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
    /// The initiator gave up, or the deadline passed.
    GivenUp,
    /// The initiator is gone.
    InitiatorDeparted,
}
