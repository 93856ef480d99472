//! Cases, as the office reviews them.

mod decide;
mod list;
mod race;
mod settle;
mod show;
