//! What a second user is told.

use super::ResourceGuard;

#[test]
fn a_second_user_learns_what_the_first_is_doing_and_where_it_came_in() {
    let guard = ResourceGuard::new(String::from("writing to the pipe"));
    let line = line!() + 1;
    let first = guard.enter().unwrap();
    let busy = guard.enter().unwrap_err();
    assert_eq!(busy.action, "writing to the pipe");
    assert_eq!((busy.entered.file(), busy.entered.line()), (file!(), line));
    assert!(guard.is_busy());
    drop(first);
    assert!(!guard.is_busy());
}

#[test]
fn who_was_refused_does_not_let_others_in() {
    let guard = ResourceGuard::new("reading");
    let _first = guard.enter().unwrap();
    drop(guard.enter());
    assert!(guard.enter().is_err(), "the refused one has put an end to the first one's use");
}
