//! Live: whoever is connected hears within moments that something changed, and asks for it (server-sent events).
//!
//! The change log stays the truth: PostgreSQL tells every server process of each commit that took a change number
//! (`listener`), the process reads those rows once and tells its streams (`streams`), a stream says what, id and
//! version to its client ([`event_stream`]). Number and epoch are the event's id, so a client that was cut off goes on
//! where it was, at whichever process.
//!
//! Invariants: an event carries no data; what is not in the caller's scope is not told; every queue is bounded, and a
//! stream that falls behind is ended rather than made to wait or to miss something; a stream ends with the session,
//! device or assignment that it was opened by.

mod event_stream;
mod heard;
mod listener;
mod streams;

pub use event_stream::{EventId, Opening, event_stream};
pub use heard::{HEARD_ROWS_MAX, HeardChange, HeardNumber, heard_between};
pub use listener::{Listener, ListenerFault};
pub use streams::{Streams, Subscriber, Subscription};
