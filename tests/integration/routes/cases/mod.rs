//! Cases, as the office reviews them.

mod decide;
mod race;
mod settle;
