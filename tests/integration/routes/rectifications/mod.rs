//! The closed loop: orders, reports, re-checks and closure, what tablets bring, what the timer does, and the ratios.

mod bad_input;
mod deadlines;
mod hand_over;
mod ratios;
mod steps;
mod tablets;
mod timer;
