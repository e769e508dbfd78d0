//! `race!`, `race` and `first_ok`: losers are cancelled and waited for, and what they gave is kept.

use crate::support::{Journal, MS, everywhere, message, never, paused, turns};
use arbour::testing::block_on;
use arbour::{
    CancelScope, NothingToRace, Raced, ScopeHandle, clean_up, defer, first_ok, race, shield, stream,
};
use futures::FutureExt;
use std::future::{Ready, pending, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use tokio::time::{Instant, sleep};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[test]
fn a_race_resolves_when_the_losers_have_ended() {
    everywhere(3, || async {
        let journal = Journal::default();
        let raced = race!(
            async {
                defer(journal.later("finalizer"));
                let _guard = journal.at_drop("dropped");
                never().await
            },
            async {
                clean_up(journal.later("clean-up"));
                never().await
            },
            async {
                turns(1).await;
                journal.note("won");
                7
            }
        );
        assert_eq!((raced.value, raced.index, raced.late), (7, 2, vec![]));
        let entries = journal.entries();
        assert!(
            ["won", "dropped", "finalizer", "clean-up"].iter().all(|note| journal.holds(note)),
            "{entries:?}"
        );
    });
}

#[test]
fn what_a_loser_finishes_in_its_shield_comes_late() {
    paused(|| async {
        let begin = Instant::now();
        let raced = race!(
            biased;
            shield(async {
                sleep(50 * MS).await;
                "slow"
            }),
            async {
                sleep(10 * MS).await;
                "quick"
            }
        );
        assert_eq!((raced.value, raced.index, raced.late), ("quick", 1, vec![(0, "slow")]));
        assert_eq!(begin.elapsed(), 50 * MS);
    });
}

#[test]
fn an_item_that_two_receives_race_for_is_never_lost() {
    everywhere(20, || async {
        let (to_one, one) = stream::memory_stream::<u32>(4);
        let (to_two, two) = stream::memory_stream::<u32>(4);
        let sending = tokio::spawn(async move {
            for n in 0..50 {
                to_one.send(2 * n).await.unwrap();
                to_two.send(2 * n + 1).await.unwrap();
            }
        });
        let mut seen = Vec::new();
        loop {
            let raced = race!(one.recv(), two.recv());
            let given = std::iter::once(raced.value).chain(raced.late.into_iter().map(|(_, late)| late));
            let items: Vec<_> = given.collect();
            let before = seen.len();
            seen.extend(items.into_iter().filter_map(Result::ok));
            if seen.len() == before && seen.len() >= 50 {
                // One stream has ended; the other is read to its end.
                while let Ok(item) = one.recv().await {
                    seen.push(item);
                }
                while let Ok(item) = two.recv().await {
                    seen.push(item);
                }
                break;
            }
        }
        sending.await.unwrap();
        seen.sort_unstable();
        assert!(seen.iter().copied().eq(0..100), "{seen:?}");
    });
}

#[test]
fn every_branch_is_polled_once_though_another_won_before() {
    everywhere(3, || async {
        let journal = Journal::default();
        let raced = race!(biased; ready(1), async {
            journal.note("begun");
            assert!(ScopeHandle::current().unwrap().is_cancelled());
            never().await
        });
        assert_eq!(raced.value, 1);
        journal.is(["begun"]);
    });
}

#[test]
fn two_races_of_a_thread_do_not_begin_with_the_same_branch() {
    block_on(async {
        let mut wins = [0; 3];
        for _ in 0..30 {
            wins[race!(ready(0), ready(1), ready(2)).value] += 1;
        }
        assert_eq!(wins, [10, 10, 10]);
        let mut wins = [0; 3];
        for _ in 0..30 {
            wins[race([ready(0), ready(1), ready(2)]).await.unwrap().value] += 1;
        }
        assert_eq!(wins, [10, 10, 10]);
    });
}

#[test]
fn a_biased_race_of_ready_branches_is_won_by_the_first() {
    block_on(async {
        for _ in 0..5 {
            let raced = race!(biased; ready(0), ready(1));
            assert_eq!((raced.value, raced.late), (0, vec![(1, 1)]));
            assert_eq!(race([ready(0), ready(1)]).biased().await.unwrap().value, 0);
        }
    });
}

#[test]
fn the_winners_value_is_given_though_the_scope_is_cancelled_while_losers_end() {
    paused(|| async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let raced = race!(ready(1), async {
                shield(sleep(20 * MS)).await;
                never().await
            });
            raced.value
        });
        let cancelling = async {
            sleep(10 * MS).await;
            handle.cancel("meanwhile");
        };
        assert_eq!(tokio::join!(outcome, cancelling).0, Ok(1));
    });
}

#[test]
fn a_cancelled_race_gives_nothing_and_holds_only_its_shields() {
    paused(|| async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let branches: [Boxed<'_, ()>; 3] = [
                Box::pin(async {
                    shield(journal.later("held")).await;
                    never().await
                }),
                Box::pin(async {
                    let _guard = journal.at_drop("dropped");
                    never().await
                }),
                Box::pin(async {
                    handle.cancel("stop");
                    never().await
                }),
            ];
            let _ = race(branches).await;
            journal.note("code behind it");
        });
        assert_eq!(outcome.await.unwrap_err().cause, "stop".into());
        journal.is(["dropped", "held"]);
    });
}

#[test]
fn a_branch_that_is_cancelled_by_itself_only_drops_out() {
    everywhere(3, || async {
        let gives_up = || async {
            ScopeHandle::current().unwrap().cancel("out");
            never::<u8>().await
        };
        let raced = race!(biased; gives_up(), async {
            turns(3).await;
            9
        });
        assert_eq!((raced.value, raced.index), (9, 1));
        let outcome = CancelScope::new().run(async { race!(gives_up(), gives_up()).value });
        assert_eq!(outcome.await.unwrap_err().cause, "out".into(), "with nobody left the scope around ends");
    });
}

#[test]
fn a_losers_panic_goes_on_after_all_have_ended() {
    everywhere(3, || async {
        let journal = Journal::default();
        let racing = async {
            race!(
                biased;
                async { turns(1).await },
                shield(journal.later("held")),
                async {
                    shield(turns(2)).await;
                    panic!("sore loser")
                }
            )
            .index
        };
        let caught = AssertUnwindSafe(racing).catch_unwind().await;
        assert_eq!(message(caught), "sore loser");
        journal.is(["held"]);
    });
}

#[test]
fn a_race_of_nothing_is_an_error() {
    block_on(async {
        let refused: NothingToRace = race(Vec::<Ready<u8>>::new()).await.unwrap_err();
        assert_eq!(refused.to_string(), "nothing to race: the collection of futures is empty");
    });
}

#[test]
fn the_first_success_wins_and_failures_before_it_do_not_count() {
    everywhere(3, || async {
        let branches: [Boxed<'_, Result<u8, &str>>; 3] = [
            Box::pin(async { Err("refused") }),
            Box::pin(pending()),
            Box::pin(async {
                turns(2).await;
                Ok(3)
            }),
        ];
        let Raced { value, index, late, .. } = first_ok(branches).await.unwrap();
        assert_eq!((value, index, late), (3, 2, vec![]));
    });
}

#[test]
fn when_none_succeeds_all_failures_come_back_together() {
    everywhere(3, || async {
        let fail = |n: usize| async move {
            turns(3 - n).await;
            Err::<(), _>(format!("mirror {n} is down"))
        };
        let failed = first_ok((0..3).map(fail)).await.unwrap_err();
        assert_eq!(failed.failures.len(), 3);
        let said = "none of 3 succeeded\n- mirror 0 is down\n- mirror 1 is down\n- mirror 2 is down";
        assert_eq!(failed.to_string(), said);
        let none = first_ok(Vec::<Ready<Result<(), String>>>::new()).await.unwrap_err();
        assert_eq!(none.to_string(), "none succeeded: there was nothing to try");
    });
}
