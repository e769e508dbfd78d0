//! kameo: eleven of its twelve faults; the twelfth is read in its source.

mod actors;
mod restarting;
mod starting;
mod stopping;
mod strategies;

use super::{Checked, Clock, Fault, Finding, Journal};
use Clock::{Real, Virtual};

const fn fault(number: &'static str, clock: Clock, check: fn() -> Checked) -> Fault {
    Fault { peer: "kameo", number, clock, check }
}

pub(super) const FAULTS: &[Fault] = &[
    fault("K1", Virtual, || Box::pin(strategies::never_is_restarted_with_its_siblings())),
    fault("K2", Virtual, || Box::pin(strategies::an_ended_child_is_waited_for())),
    fault("K3", Virtual, || Box::pin(strategies::a_group_is_restarted_in_any_order())),
    fault("K4", Real, || Box::pin(restarting::slow_crashes_exhaust_the_limit())),
    fault("K5", Virtual, || Box::pin(restarting::incarnations_overlap())),
    fault("K6", Virtual, || Box::pin(stopping::a_supervisor_ends_before_its_child())),
    fault("K7", Virtual, || Box::pin(stopping::a_stopped_child_comes_back())),
    fault("K8", Virtual, || Box::pin(restarting::a_restart_waits_for_the_supervisors_handler())),
    fault("K9", Virtual, || Box::pin(stopping::a_stop_waits_for_room())),
    fault("K10", Virtual, || Box::pin(starting::a_kill_waits_for_the_start())),
    fault("K10", Virtual, || Box::pin(stopping::a_stop_hook_has_no_limit())),
    fault("K11", Virtual, || Box::pin(restarting::there_is_no_delay())),
    fault("K11", Virtual, || Box::pin(restarting::a_group_has_no_limit())),
];
