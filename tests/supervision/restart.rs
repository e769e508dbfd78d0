//! The three restart types, and each way in which a child may end by itself.

use crate::support::{Journal, ms, run, settle, supervisor};
use arbour::{
    ChildEnded, ChildSpec, ExitKind, Failure, Restart, ScopeHandle, SlotState, SupervisorSnapshot, stopping,
};
use tokio::time::sleep;

#[derive(Clone, Copy, Debug)]
enum End {
    Normally,
    WithAnError,
    Panicking,
    Cancelled,
}

const ENDS: [End; 4] = [End::Normally, End::WithAnError, End::Panicking, End::Cancelled];

impl End {
    fn is_abnormal(self) -> bool {
        !matches!(self, Self::Normally)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Normally => "ended normally",
            Self::WithAnError => "failed",
            Self::Panicking => "panicked",
            Self::Cancelled => "was cancelled from outside its supervisor",
        }
    }

    fn kind(self) -> ExitKind {
        match self {
            Self::Normally => ExitKind::Normal,
            Self::WithAnError => ExitKind::Failed,
            Self::Panicking => ExitKind::Panicked,
            Self::Cancelled => ExitKind::Cancelled,
        }
    }

    async fn come(self) -> Result<(), Failure> {
        match self {
            Self::Normally => Ok(()),
            Self::WithAnError => Err(Failure::message("an error")),
            Self::Panicking => panic!("a panic"),
            Self::Cancelled => {
                ScopeHandle::current().unwrap().cancel("somebody");
                std::future::pending().await
            }
        }
    }
}

/// How things are some time after the first incarnation ended in this way; the second one stays.
async fn after(end: End, restart: Restart) -> (SupervisorSnapshot, usize) {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("child", move |cx| {
        let notes = notes.clone();
        async move {
            notes.note("start");
            if cx.incarnation() == 1 {
                return end.come().await;
            }
            stopping().await;
            Ok(())
        }
    });
    let (snapshot, outcome) = run(supervisor().child(child.restart(restart)), async |handle| {
        sleep(ms(60_000)).await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    (snapshot, journal.count("start"))
}

fn assert_came_back(end: End, snapshot: &SupervisorSnapshot, starts: usize) {
    let child = &snapshot.children[0];
    assert_eq!((starts, child.incarnation, child.restarts, snapshot.restarts), (2, 2, 1, 1), "{end:?}");
    assert!(matches!(child.state, SlotState::Running { .. }), "{end:?}: {snapshot}");
    assert_eq!(child.last_end, Some(ChildEnded::AfterReady(end.kind())));
    assert_eq!(child.last_end.unwrap().to_string(), end.words());
}

#[arbour::test]
async fn a_permanent_child_comes_back_after_every_kind_of_end() {
    for end in ENDS {
        let (snapshot, starts) = after(end, Restart::Permanent).await;
        assert_came_back(end, &snapshot, starts);
    }
}

#[arbour::test]
async fn a_transient_child_comes_back_unless_it_ended_normally() {
    for end in ENDS.into_iter().filter(|end| end.is_abnormal()) {
        let (snapshot, starts) = after(end, Restart::Transient).await;
        assert_came_back(end, &snapshot, starts);
    }
    let (snapshot, starts) = after(End::Normally, Restart::Transient).await;
    assert_eq!((starts, snapshot.children[0].state), (1, SlotState::Down));
    assert_eq!(snapshot.children[0].last_end.unwrap().to_string(), "ended normally");
}

#[arbour::test]
async fn a_temporary_child_never_comes_back_and_its_slot_goes_with_it() {
    for end in ENDS {
        let (snapshot, starts) = after(end, Restart::Temporary).await;
        assert_eq!((starts, snapshot.children.len(), snapshot.restarts), (1, 0, 0), "{end:?}");
    }
}

#[arbour::test]
async fn a_crash_of_one_child_leaves_the_others_alone() {
    let journal = Journal::new();
    let notes = journal.clone();
    let crash = ChildSpec::new("crash", move |cx| async move {
        match cx.incarnation() {
            1 => End::Panicking.come().await,
            _ => {
                stopping().await;
                Ok(())
            }
        }
    });
    let app = supervisor().child(crate::support::service("steady", &notes)).child(crash);
    run(app, async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.lines(), ["+steady", "-steady"]);
}

#[arbour::test]
async fn each_incarnation_knows_its_number_and_its_name() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("worker", move |cx| {
        let notes = notes.clone();
        async move {
            notes.note(format!("{} {}", cx.id(), cx.incarnation()));
            if cx.incarnation() < 4 {
                return Err(Failure::message("again"));
            }
            stopping().await;
            Ok(())
        }
    });
    run(supervisor().child(child), async |_| sleep(ms(60_000)).await).await.1.unwrap();
    assert_eq!(journal.lines(), ["worker 1", "worker 2", "worker 3", "worker 4"]);
}
