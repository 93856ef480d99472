//! Sync (同步): what devices push is judged and stored, what changed is pulled (docs/protocol.md).

pub mod build_snapshot;
mod compare_context;
pub mod digest_scope;
mod judge_field_record;
mod judge_operation;
pub(in crate::services) mod known;
pub(in crate::services) mod known_rows;
pub mod pull_changes;
mod pull_rows;
pub mod push_operations;
mod push_queue;
mod pusher;
mod received_operation;
mod scope;
mod scope_rows;
mod store_batch;
mod store_pushes;

pub use push_queue::PushQueue;
pub use pusher::Pusher;
