//! Flows from outside: what they run in which order, what they come to, and what is left of them.

mod ends;
mod order;
mod plans;
mod results;
mod served;
