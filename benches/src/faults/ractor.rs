//! ractor: five of its seven faults; the others are read in its source.

mod actors;
mod messages;
mod stopping;

use super::{Checked, Clock, Fault, Finding, Journal};

use Clock::{Real, Virtual};

const fn fault(number: &'static str, clock: Clock, check: fn() -> Checked) -> Fault {
    Fault { peer: "ractor", number, clock, check }
}

pub(super) const FAULTS: &[Fault] = &[
    fault("R1", Real, || Box::pin(stopping::a_child_goes_on_without_its_parent())),
    fault("R1", Virtual, || Box::pin(stopping::a_child_ends_without_its_stop_hook())),
    fault("R2", Virtual, || Box::pin(messages::a_mailbox_has_no_bound())),
    fault("R3", Virtual, || Box::pin(messages::an_error_shares_what_cannot_be_shared())),
    fault("R4", Virtual, || Box::pin(messages::a_queue_is_lost_with_its_actor())),
    fault("R7", Virtual, || Box::pin(stopping::a_timer_outlives_its_actor())),
];
