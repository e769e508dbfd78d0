//! Two users race for a resource.

use super::ResourceGuard;
use crate::loom::{Arc, Bounds, Mutex, model, thread};

/// Enters and, if let in, counts as the only one.
fn visit(guard: &ResourceGuard, inside: &Mutex<usize>) {
    let Ok(_in_use) = guard.enter() else { return };
    *inside.lock() += 1;
    assert_eq!(*inside.lock(), 1, "two are in");
    *inside.lock() -= 1;
}

#[test]
fn two_users_race_to_enter() {
    model(Bounds::EXHAUSTIVE, || {
        let shared = Arc::new((ResourceGuard::new("racing"), Mutex::new(0)));
        let other = Arc::clone(&shared);
        let visiting = thread::spawn(move || visit(&other.0, &other.1));
        visit(&shared.0, &shared.1);
        visiting.join().unwrap();
        assert!(!shared.0.is_busy());
    });
}
