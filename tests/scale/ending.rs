//! The ways in which something that hangs is ended, each with the time that it takes.

use super::living::Living;
use arbour::CancelScope;
use cpu_time::ThreadTime;
use std::pin::Pin;
use std::time::Duration;

pub(crate) type Hanging = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Makes a future in which so many live, for ever.
pub(crate) type Make = fn(usize, Living) -> Hanging;

#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Cancel,
    Abort,
    /// By foreign code, inside a scope that waits for what is left.
    Drop,
}

/// The CPU time that the end of so many takes, from when all of them live until none does.
pub(crate) async fn time_to(end: End, size: usize, make: Make) -> Duration {
    let living = Living::default();
    let hanging = make(size, living.clone());
    let begun = match end {
        End::Drop => drop_when_all_live(size, hanging, &living).await,
        End::Cancel | End::Abort => stop_when_all_live(end, size, hanging, &living).await,
    };
    let took = begun.elapsed();
    assert_eq!(living.count(), 0, "a scope has ended before what is inside");
    took
}

async fn drop_when_all_live(size: usize, hanging: Hanging, living: &Living) -> ThreadTime {
    let around = CancelScope::new().run(async move {
        tokio::select! {
            biased;
            () = hanging => unreachable!("it hangs"),
            // Taken inside the branch: what hangs is dropped before the code after an arrow runs.
            begun = all_live(living, size) => begun,
        }
    });
    around.await.unwrap()
}

async fn stop_when_all_live(end: End, size: usize, hanging: Hanging, living: &Living) -> ThreadTime {
    let scope = CancelScope::new();
    let handle = scope.handle();
    let mut running = Box::pin(scope.run(hanging));
    tokio::select! {
        biased;
        _ = &mut running => unreachable!("it hangs"),
        () = living.reach(size) => {}
    }
    let begun = ThreadTime::now();
    if matches!(end, End::Abort) {
        handle.abort("a test aborts all of them");
    } else {
        handle.cancel("a test cancels all of them");
    }
    running.await.unwrap_err();
    begun
}

async fn all_live(living: &Living, size: usize) -> ThreadTime {
    living.reach(size).await;
    ThreadTime::now()
}
