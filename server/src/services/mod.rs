//! What is done, one module a deed (`verb_noun`): handlers call these, these call `db`.

pub mod complete_evidence;
pub mod open_cases;
pub mod sync;
