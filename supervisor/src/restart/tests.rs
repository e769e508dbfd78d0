//! Tests of `restart`: tables, edges exact.

use super::*;
use AfterExit::{Forget, KeepDown, Restart as Again};
use Restart::{Permanent, Temporary, Transient};

#[test]
fn every_kind_of_child_after_every_kind_of_exit() {
    let table = [
        (ExitKind::Normal, [Again, KeepDown, Forget]),
        (ExitKind::Shutdown, [Again, KeepDown, Forget]),
        (ExitKind::Failed, [Again, Again, Forget]),
        (ExitKind::Panicked, [Again, Again, Forget]),
        (ExitKind::Cancelled, [Again, Again, Forget]),
        (ExitKind::Aborted, [Again, Again, Forget]),
    ];
    for (exit, expected) in table {
        assert_eq!([Permanent, Transient, Temporary].map(|kind| kind.after(exit)), expected, "{exit:?}");
    }
}

#[test]
fn a_child_is_permanent_unless_told_otherwise() {
    assert_eq!(Restart::default(), Permanent);
}
