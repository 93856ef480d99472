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
mod pusher;
mod received_operation;
mod scope;
mod scope_rows;
mod store_batch;

pub use pusher::Pusher;
