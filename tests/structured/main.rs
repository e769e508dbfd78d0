//! The rules of cancellation and of task groups, one module each, seen through public names only.
#![forbid(unsafe_code)]

mod c01_delivery;
mod c02_begun;
mod c03_first_poll;
mod c04_outermost;
mod c05_order_of_wakes;
mod c06_holds;
mod c07_catch;
mod c08_order_of_ending;
mod support;
