//! Tests of `exit`: tables, edges exact.

use super::*;

#[derive(Clone, PartialEq)]
struct WithoutDebug(u8);

#[test]
fn only_a_normal_end_and_a_shutdown_are_orderly() {
    let abnormal = [
        (Exit::Normal, false),
        (Exit::Shutdown, false),
        (Exit::Failed(WithoutDebug(1)), true),
        (Exit::Panicked(WithoutDebug(2)), true),
        (Exit::Cancelled, true),
        (Exit::Aborted, true),
    ];
    for (exit, expected) in abnormal {
        assert_eq!(exit.kind().is_abnormal(), expected, "{exit:?}");
    }
}

#[test]
fn an_exit_keeps_its_failure_and_prints_without_asking_anything_of_it() {
    assert!(Exit::Failed(WithoutDebug(1)).failure() == Some(&WithoutDebug(1)));
    assert!(Exit::Panicked(WithoutDebug(2)).failure() == Some(&WithoutDebug(2)));
    assert!(Exit::<WithoutDebug>::Cancelled.failure().is_none());
    assert_eq!(format!("{:?}", Exit::Panicked(WithoutDebug(2))), "Exit::Panicked");
}
