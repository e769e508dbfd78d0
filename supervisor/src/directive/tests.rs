//! Tests of `directive`: the whole table.

use super::*;

#[test]
fn a_directive_overrules_the_kind_of_child_but_a_temporary_one_keeps_no_slot() {
    use AfterExit::{Forget, KeepDown, Restart as Again};
    let kinds = [Restart::Permanent, Restart::Transient, Restart::Temporary];
    let table = [
        (Directive::ByPolicy, ExitKind::Normal, [Again, KeepDown, Forget].map(Fate::After)),
        (Directive::ByPolicy, ExitKind::Failed, [Again, Again, Forget].map(Fate::After)),
        (Directive::Restart, ExitKind::Normal, [Again; 3].map(Fate::After)),
        (Directive::Stop, ExitKind::Panicked, [KeepDown, KeepDown, Forget].map(Fate::After)),
        (Directive::Escalate, ExitKind::Normal, [Fate::Escalate; 3]),
    ];
    for (directive, exit, fates) in table {
        assert_eq!(kinds.map(|kind| directive.fate(kind, exit)), fates, "{directive:?} after {exit:?}");
    }
}
