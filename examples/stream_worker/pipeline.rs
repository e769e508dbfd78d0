//! The supervised pipeline: one worker per partition, then the reader that feeds them.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arbour::{
    ActorSpec, Address, Backoff, ChildSpec, Redelivery, Restart, RestartLimit, Root, Shutdown, Signal,
    Supervisor, SupervisorSnapshot,
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
    /// The signal that ended the reading, if one did.
    pub(crate) signal: Option<Signal>,
}

/// Where the reader leaves its result.
type ReadingSlot = Arc<Mutex<Option<Result<Option<Reading>, Failure>>>>;

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
    let read = ReadingSlot::default();
    let supervisor = supervise(options, children, reader, Arc::clone(&read))?;
    let handle = supervisor.handle();

    let outcome = Root::new().run(async {
        let ended = supervisor.run().await;
        (ended, handle.snapshot().await)
    });
    let (ended, tree) = outcome.result.map_err(|_| Failure::Cancelled { signal: outcome.signal })?;
    ended.map_err(Failure::GaveUp)?;
    let reading = read.lock().unwrap_or_else(PoisonError::into_inner).take();
    let reading = reading.transpose()?.flatten().ok_or(Failure::Cancelled { signal: outcome.signal })?;
    let signal = outcome.signal.filter(|_| reading.interrupted);
    let report = report(reading, &slots, tree.restarts)?;
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

fn supervise(
    options: &Options,
    workers: Vec<ChildSpec>,
    reader: Reader,
    read: ReadingSlot,
) -> Result<Supervisor, Failure> {
    let mut builder = Supervisor::builder("stream_worker");
    if options.crash_every.is_some() || options.restart_limit.is_some() {
        // As many as are asked for; with a limit, each worker has its own.
        builder = builder.limit(limit(u32::MAX, Duration::from_millis(1)));
    }
    let builder = workers.into_iter().fold(builder, |builder, worker| builder.child(worker));
    builder.child(reading(reader, read)).build().map_err(Failure::Spec)
}

/// The reader as a child: it reads once, and its end is the end of the whole.
fn reading(reader: Reader, read: ReadingSlot) -> ChildSpec {
    let mut once = Some((reader, read));
    let child = ChildSpec::new("reader", move |cx| {
        let once = once.take();
        async move {
            if let Some((reader, read)) = once {
                let result = reader.run().await;
                *read.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                cx.supervisor().request_stop();
            }
            Ok::<_, arbour::Failure>(())
        }
    });
    // Stopped first, it lets the workers handle what was read, however long that takes.
    child.restart(Restart::Temporary).shutdown(Shutdown::Wait)
}

fn limit(restarts: u32, period: Duration) -> RestartLimit {
    RestartLimit::new(restarts, period).expect("the periods of this program are not zero")
}

/// The totals of all partitions, once it is certain that nothing was lost.
fn report(reading: Reading, slots: &[Slot], restarts: u64) -> Result<Report, Failure> {
    let Reading { records, rejected, interrupted, keys } = reading;
    let (added, totals): (Vec<u64>, Vec<Vec<Totals>>) = slots.iter().map(Slot::take).unzip();
    let added = added.iter().sum();
    if added != records {
        return Err(Failure::Lost { read: records, added });
    }
    Ok(Report { records, rejected, restarts, interrupted, keys: keys.totals(&totals) })
}
