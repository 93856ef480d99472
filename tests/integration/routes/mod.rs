//! One module for each module of the server's routes.

mod health;
mod problems;
mod sync;
