//! Random trees of groups, scopes, shields, clean-up, panics, deadlines and dropped branches, each under
//! a seeded order of tasks: however it goes, nothing is left and all clean-up ran once, in time.

mod checker;
mod interpreter;
mod tree;

use arbour::testing::simulate;
use checker::{Event, check};
use interpreter::{Habit, Journal, run};
use tree::Tree;

/// How many steps a tree may have.
const SIZE: usize = 40;

/// Runs the tree of this seed and size; what is wrong with what happened, and the journal.
fn trial(seed: u64, size: usize, habit: Habit) -> (Vec<String>, Vec<Event>) {
    let journal = Journal::default();
    let outcome = simulate(seed, run(Tree::of(seed, size), journal.clone(), habit)).result;
    let events = journal.events();
    let mut wrong = check(&events);
    match outcome {
        Ok(0) => {}
        Ok(tasks) => wrong.push(format!("{tasks} tasks are left")),
        Err(error) => wrong.push(error.to_string()),
    }
    (wrong, events)
}

/// The smallest tree of this seed that goes wrong, shown with what is wrong.
fn smallest(seed: u64, habit: Habit) -> String {
    let found = (1..=SIZE).find_map(|size| {
        let (wrong, events) = trial(seed, size, habit);
        (!wrong.is_empty()).then(|| {
            let tree = Tree::of(seed, size);
            format!("seed {seed}, size {size}: {}\n{tree:#?}\n{events:?}", wrong.join("; "))
        })
    });
    found.unwrap_or_else(|| format!("seed {seed}: no tree of it goes wrong again"))
}

#[test]
fn however_a_tree_ends_nothing_is_left_and_all_clean_up_ran_once_and_in_time() {
    let mut seen = [0_usize; 4];
    for seed in 0..10_000 {
        let (wrong, events) = trial(seed, SIZE, Habit::Right);
        assert!(wrong.is_empty(), "{}", smallest(seed, Habit::Right));
        seen[0] += events.iter().filter(|event| matches!(event, Event::Finished(_))).count();
        seen[1] += events.iter().filter(|event| matches!(event, Event::Left(_))).count();
        seen[3] += events.iter().filter(|event| matches!(event, Event::Dropped(_))).count();
        seen[2] += events.iter().filter(|event| matches!(event, Event::Entered(..))).count();
    }
    let [cleaned, left, entered, dropped] = seen;
    assert!(dropped > 20, "only {dropped} were dropped by an abort or for want of time");
    assert!(cleaned > 5_000, "only {cleaned} finalizers and clean-ups ran");
    assert!(entered > left && left > 5_000, "of {entered} scopes {left} were left by their end");
}

#[test]
fn an_interpreter_that_forgets_or_detaches_clean_up_is_caught() {
    for habit in [Habit::ForgetsFinalizers, Habit::DetachesCleanUp, Habit::DetachesChildren] {
        let caught = (0..200).filter(|seed| !trial(*seed, SIZE, habit).0.is_empty()).count();
        assert!(caught > 20, "{habit:?}: caught in {caught} of 200 trees");
    }
}

#[test]
fn a_journal_that_was_tampered_with_is_refused() {
    use Event::{Dropped, Entered, Finished, Hurried, Left, Registered};
    let right = vec![Entered(1, 0), Registered(7, 1), Finished(7), Left(1), Left(0)];
    assert_eq!(check(&right), Vec::<String>::new());
    let mut dropped = right.clone();
    dropped[2] = Dropped(7);
    assert!(check(&dropped)[0].contains("nothing was in a hurry"), "{:?}", check(&dropped));
    dropped.insert(1, Hurried(1));
    assert_eq!(check(&dropped), Vec::<String>::new());
    let (mut lost, mut twice, mut late) = (right.clone(), right.clone(), right.clone());
    lost.remove(2);
    twice.insert(2, Finished(7));
    late.swap(2, 3);
    assert!(check(&lost)[0].contains("never finished"), "{:?}", check(&lost));
    assert!(check(&twice)[0].contains("finished 2 times"), "{:?}", check(&twice));
    assert!(check(&late)[0].contains("after scope 1 had ended"), "{:?}", check(&late));
}
