//! Faults that tests plant in the machine, to see that its model finds them. In what is shipped there are none.

#[cfg(not(test))]
pub(crate) const fn fault(_name: &str) -> bool {
    false
}

#[cfg(test)]
pub(crate) use planted::{FAULTS, fault, with_fault};

#[cfg(test)]
mod planted {
    use std::cell::Cell;

    /// All faults that can be planted.
    pub(crate) const FAULTS: [&str; 15] = [
        "a_call_that_waits_is_forgotten",
        "a_child_that_is_stuck_is_restarted",
        "a_failed_attempt_is_not_counted",
        "a_stop_is_counted",
        "a_stopped_significant_child_ends_its_supervisor",
        "a_temporary_child_comes_back",
        "a_timer_fires_early",
        "clean_up_begins_anew",
        "news_of_an_older_run_is_heard",
        "restarts_in_a_row_are_never_forgotten",
        "siblings_before_the_failed_one_are_restarted",
        "the_edge_of_the_window_does_not_count",
        "the_last_delay_counts_for_the_group",
        "the_next_is_started_before_the_last_is_ready",
        "the_oldest_is_stopped_first",
    ];

    thread_local! {
        static PLANTED: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Whether this fault is planted in this thread now.
    pub(crate) fn fault(name: &str) -> bool {
        PLANTED.get().is_some_and(|planted| {
            assert!(FAULTS.contains(&name), "`{name}` is not in the list of faults");
            planted == name
        })
    }

    /// What comes of this while the fault is planted; `None` if it panics.
    pub(crate) fn with_fault<T>(name: &'static str, run: impl FnOnce() -> T) -> Option<T> {
        PLANTED.set(Some(name));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        PLANTED.set(None);
        outcome.ok()
    }
}
