//! Cases, as the office reviews them.

mod adjust;
mod amend;
mod anew;
mod decide;
mod due;
mod list;
mod race;
mod re_attribute;
mod settle;
mod show;
