//! The supervised pipeline: one worker per partition under a supervisor, and the reader that feeds them.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arbour::{
    ActorSpec, Address, Backoff, ChildSpec, Redelivery, Restart, RestartLimit, Root, ScopeHandle, Shutdown,
    Signal, Supervisor, SupervisorBuilder, SupervisorHandle, SupervisorSnapshot,
};

use super::failure::Failure;
use super::input::Input;
use super::keys::Keys;
use super::options::Options;
use super::progress::Progress;
use super::reader::{Reader, Reading};
use super::rejects::Rejects;
use super::report::Report;
use super::totals::Totals;
use super::worker::{Slot, Worker};

/// Crashes on purpose come at the first delivery only; this leaves room for one that was not on purpose.
const REDELIVERIES: u32 = 2;

/// What the pipeline has done.
pub(crate) struct Done {
    pub(crate) report: Report,
    /// How the workers were when they had ended.
    pub(crate) tree: SupervisorSnapshot,
    /// The signal that asked for the end, if one did.
    pub(crate) signal: Option<Signal>,
}

/// Where the reader leaves its result. It begins with that of a reader which is never started, because a signal
/// was faster; while the reader reads there is none.
type ReadingSlot = Arc<Mutex<Option<ReadingResult>>>;
type ReadingResult = Result<Option<Reading>, Failure>;

fn replace(slot: &ReadingSlot, result: Option<ReadingResult>) -> Option<ReadingResult> {
    std::mem::replace(&mut *slot.lock().unwrap_or_else(PoisonError::into_inner), result)
}

/// Runs the pipeline until the input ends or a signal ends it.
pub(crate) fn run(options: &Options, input: Input, rejects: Rejects) -> Result<Done, Failure> {
    let progress = Progress::new(options.progress, input.length());
    let chunks = input.into_chunks().map_err(Failure::Read)?;
    let (slots, workers) = workers(options);
    let (addresses, children): (Vec<_>, Vec<_>) = workers.into_iter().unzip();
    let reader = Reader {
        chunks,
        columns: options.columns.clone(),
        keys: Keys::new(options.partitions),
        workers: addresses,
        rejects,
        progress,
    };
    let nothing = Reading { records: 0, rejected: 0, keys: Keys::new(options.partitions) };
    let read = ReadingSlot::new(Mutex::new(Some(Ok(Some(nothing)))));
    let workers = supervise(options, children)?;
    let tree = workers.handle();
    let whole = whole(workers, reader, Arc::clone(&read))?;

    // However long it takes to handle what was read: who will not wait sends a second signal.
    let outcome = Root::new().drain_time(Duration::MAX).run(async {
        let ended = whole.run().await;
        (ended, tree.snapshot().await)
    });
    let signal = outcome.signal;
    let (ended, tree) = outcome.result.map_err(|_| Failure::Cancelled { signal })?;
    ended.map_err(Failure::gave_up)?;
    let reading = replace(&read, None).transpose()?.flatten().ok_or(Failure::Cancelled { signal })?;
    let report = report(reading, &slots, tree.restarts, signal.is_some())?;
    Ok(Done { report, tree, signal })
}

/// One supervised worker per partition, and the slots where their totals are.
fn workers(options: &Options) -> (Vec<Slot>, Vec<(Address<Worker>, ChildSpec)>) {
    let slots = vec_of(options.partitions.get(), Slot::default);
    let workers = slots.iter().enumerate().map(|(partition, slot)| {
        let (slot, crash_every) = (slot.clone(), options.crash_every);
        let (address, child) =
            ActorSpec::new(format!("partition-{partition}"), move || Worker::new(slot.clone(), crash_every))
                .mailbox(options.mailbox)
                .redelivery(Redelivery::up_to(REDELIVERIES))
                .build();
        (address, restarted(child, options))
    });
    let workers = workers.collect();
    (slots, workers)
}

/// Clones of one slot would be one slot.
fn vec_of<T>(count: usize, make: impl FnMut() -> T) -> Vec<T> {
    std::iter::repeat_with(make).take(count).collect()
}

fn restarted(child: ChildSpec, options: &Options) -> ChildSpec {
    // Who crashes on purpose need not wait.
    let child = if options.crash_every.is_some() { child.backoff(Backoff::none()) } else { child };
    match options.restart_limit {
        Some(most) => child.limit(limit(most, Duration::from_secs(365 * 24 * 60 * 60))),
        None => child,
    }
}

fn supervise(options: &Options, workers: Vec<ChildSpec>) -> Result<Supervisor, Failure> {
    let mut builder = Supervisor::builder("workers");
    if options.crash_every.is_some() || options.restart_limit.is_some() {
        // As many as are asked for; with a limit, each worker has its own.
        builder = builder.limit(limit(u32::MAX, Duration::from_millis(1)));
    }
    workers.into_iter().fold(builder, SupervisorBuilder::child).build().map_err(Failure::Spec)
}

/// The workers and then the reader, which is stopped first. The workers have a supervisor of their own, so that
/// one that crashes while the reader is being stopped is started again: what was read is still to be handled.
fn whole(workers: Supervisor, reader: Reader, read: ReadingSlot) -> Result<Supervisor, Failure> {
    let mut workers = Some(workers);
    let workers = ChildSpec::new("workers", move |_| {
        let workers = workers.take();
        async move {
            if let Some(workers) = workers {
                workers.run().await?;
            }
            Ok::<_, arbour::Failure>(())
        }
    });
    // When the workers' supervisor has given up, so does the whole.
    let builder = Supervisor::builder("stream_worker").limit(limit(0, Duration::from_secs(1)));
    let builder = builder.child(workers.shutdown(Shutdown::Wait)).child(reading(reader, read));
    builder.build().map_err(Failure::Spec)
}

/// The reader as a child: it reads once, and its end is the end of the whole.
fn reading(reader: Reader, read: ReadingSlot) -> ChildSpec {
    let mut once = Some((reader, read));
    let child = ChildSpec::new("reader", move |cx| {
        let once = once.take();
        async move {
            if let Some((reader, read)) = once
                && may_begin(cx.supervisor()).await
            {
                replace(&read, None);
                let result = reader.run().await;
                // Without workers the end has begun already, and is no orderly one.
                let workers_are_gone = matches!(result, Ok(None));
                replace(&read, Some(result));
                if !workers_are_gone {
                    cx.supervisor().request_stop();
                }
            }
            Ok::<_, arbour::Failure>(())
        }
    });
    // Stopped first, it lets the workers handle what was read, however long that takes.
    child.restart(Restart::Temporary).shutdown(Shutdown::Wait)
}

/// Waits until the supervisor has heard that the child is ready. One that is asked to stop before is cancelled:
/// it must not have read anything yet, for nobody would wait until that is handled.
async fn may_begin(supervisor: &SupervisorHandle) -> bool {
    supervisor.snapshot().await;
    !ScopeHandle::current().is_some_and(|scope| scope.is_cancelled())
}

fn limit(restarts: u32, period: Duration) -> RestartLimit {
    RestartLimit::new(restarts, period).expect("the periods of this program are not zero")
}

/// The totals of all partitions, once it is certain that nothing was lost.
fn report(reading: Reading, slots: &[Slot], restarts: u64, interrupted: bool) -> Result<Report, Failure> {
    let Reading { records, rejected, keys } = reading;
    let (added, totals): (Vec<u64>, Vec<Vec<Totals>>) = slots.iter().map(Slot::take).unzip();
    let added = added.iter().sum();
    if added != records {
        return Err(Failure::Lost { read: records, added });
    }
    Ok(Report { records, rejected, restarts, interrupted, keys: keys.totals(&totals) })
}
