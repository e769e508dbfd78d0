//! The worker: its share of the resources, each worked by a supervised child, until a signal.
use std::time::Duration;

use arbour::leases::{Assigner, Leases};
use arbour::{Root, checkpoint_if_cancelled};

use super::event::Event;
use super::failure::Failure;
use super::fault::StopAtWrite;
use super::line::Line;
use super::options::{Options, RESOURCES};
use super::work::Worker;

/// Works until a first signal, and then until what was begun is finished, written and released. A second cancels.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    // Each piece of work has a time of its own; who will not wait for that sends a second signal.
    let outcome = Root::new().drain_time(Duration::MAX).run(share(options));
    let signal = outcome.signal;
    outcome.result.map_err(|_| Failure::Cancelled { signal })?
}

async fn share(options: &Options) -> Result<(), Failure> {
    let Options { name, resources, lease_ttl, work_for, .. } = options;
    let line = Line::new(options.engine.open(*lease_ttl).await?, StopAtWrite::new(options.stop_at_write));
    let leases = Leases::new(line, *lease_ttl)?.owner(name.as_str());
    // What was begun takes its time, and may then wait for the store as long as the lease may last.
    let assigner = Assigner::new(leases, RESOURCES, options.numbers())?.drain(*work_for + *lease_ttl);
    let worker = Worker::new(options);
    Event::Ready { worker: name, resources: *resources, ttl: *lease_ttl }.tell();
    assigner.run(move |lease| worker.clone().work_on(lease)).await?;
    // A second signal has cut short what came to an end here.
    checkpoint_if_cancelled().await;
    Event::Stopped { worker: name }.tell();
    Ok(())
}
