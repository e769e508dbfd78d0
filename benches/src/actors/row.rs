//! A system that plays a scenario: on a runtime of its own, its actors set up before and taken down after the play.

use super::script::{Released, Script};
use crate::harness::Row;
use crate::workers::Workers;
use futures::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use tokio::task::LocalSet;

/// One system and one scenario.
pub struct Play {
    name: &'static str,
    perform: Box<Perform>,
}

/// Plays once; the caller decides what is done around the play itself.
type Perform = dyn Fn(Workers, &mut dyn FnMut(&mut dyn FnMut()));

impl Play {
    /// A play whose actors are tasks of the runtime.
    pub(super) fn in_tasks<F>(name: &'static str, system: impl Fn(Arc<Script>) -> F + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let perform = move |workers: Workers, around: &mut dyn FnMut(&mut dyn FnMut())| {
            let runtime = workers.start();
            let script = Arc::new(Script::default());
            let system = released(system(Arc::clone(&script)), Arc::clone(&script));
            let (actors,) = runtime.run(async { (tokio::spawn(system),) });
            act(&script, around, |step| runtime.run(step));
            runtime.run(actors).expect("no system panics");
        };
        Self { name, perform: Box::new(perform) }
    }

    /// A play whose actors live on the thread that starts them, which is the calling thread.
    pub(super) fn on_one_thread<F>(name: &'static str, system: impl Fn(Arc<Script>) -> F + 'static) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        let perform = move |workers: Workers, around: &mut dyn FnMut(&mut dyn FnMut())| {
            let (runtime, thread) = (workers.start(), LocalSet::new());
            let script = Arc::new(Script::default());
            let actors = thread.spawn_local(released(system(Arc::clone(&script)), Arc::clone(&script)));
            act(&script, around, |step| runtime.run_beside(&thread, step));
            runtime.run_beside(&thread, actors).expect("no system panics");
        };
        Self { name, perform: Box::new(perform) }
    }

    /// The system.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Plays once on one thread. `around` is called when all actors stand, and is given the play, which it must call.
    pub fn perform(&self, around: &mut dyn FnMut(&mut dyn FnMut())) {
        (self.perform)(Workers::One, around);
    }

    /// The row that has the play, and nothing else, under the clock.
    pub(super) fn row(self, workers: Workers) -> Row {
        Row::new(self.name, move |times, stopwatch| {
            for _ in 0..times {
                (self.perform)(workers, &mut |play| stopwatch.time(play));
            }
        })
    }
}

async fn released(system: impl Future<Output = ()>, script: Arc<Script>) {
    let _released = Released(script);
    system.await;
}

type Step = BoxFuture<'static, ()>;

/// What a system is told, from its first word to its last.
fn act(script: &Arc<Script>, around: &mut dyn FnMut(&mut dyn FnMut()), mut run: impl FnMut(Step)) {
    run(Box::pin(Arc::clone(script).set_up()));
    around(&mut || run(Box::pin(Arc::clone(script).played())));
    script.end();
}

impl fmt::Debug for Play {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Play").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn what_is_around_the_play_sees_the_actors_stand_and_the_play_end() {
        let stands = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&stands);
        let step = move || {
            seen.fetch_add(1, Ordering::Relaxed);
        };
        let play = Play::in_tasks("counting", move |script| {
            let step = step.clone();
            async move {
                step();
                script.play(async { step() }).await;
                step();
            }
        });
        let now = || stands.load(Ordering::Relaxed);
        play.perform(&mut |play| {
            assert_eq!(now(), 1);
            play();
            assert_eq!(now(), 2);
        });
        assert_eq!(now(), 3);
    }

    #[test]
    #[should_panic(expected = "no system panics")]
    fn a_system_that_panics_in_its_play_is_not_waited_for() {
        let play = Play::in_tasks("panicking", async |script: Arc<Script>| {
            script.play(async { panic!("as told") }).await;
        });
        play.perform(&mut |play| play());
    }
}
