//! Tests of `shutdown`: tables, edges exact.

use super::*;

#[test]
fn a_child_drains_for_five_seconds_unless_told_otherwise() {
    assert_eq!(Shutdown::default().drain(), Some(Duration::from_secs(5)));
    assert_eq!(Shutdown::After(Duration::ZERO).drain(), Some(Duration::ZERO));
    assert_eq!(Shutdown::Wait.drain(), None);
    assert_eq!(Shutdown::Abort.drain(), Some(Duration::ZERO));
}
