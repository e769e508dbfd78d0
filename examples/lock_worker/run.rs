//! The worker: a supervised child per resource, until a signal.
use std::time::Duration;

use arbour::leases::{LeaseName, Leases};
use arbour::{ChildSpec, Root, Shutdown, Supervisor, SupervisorBuilder, checkpoint_if_cancelled};

use super::event::Event;
use super::failure::Failure;
use super::fault::StopAtWrite;
use super::line::Line;
use super::options::Options;
use super::resource;
use super::work::Worker;

/// Works until a first signal, and then until what was begun is finished, written and released. A second cancels.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    // However long the work takes: who will not wait sends a second signal.
    let outcome = Root::new().drain_time(Duration::MAX).run(async {
        let store = options.engine.open().await?;
        let line = Line::new(store, StopAtWrite::new(options.stop_at_write));
        let leases = Leases::new(line, options.lease_ttl)?.owner(options.name.as_str());
        let supervisor = supervise(options, &leases)?;
        let Options { name, resources, lease_ttl, .. } = options;
        Event::Ready { worker: name, resources: *resources, ttl: *lease_ttl }.tell();
        supervisor.run().await?;
        // A second signal has cut short what the supervisor has brought to an end.
        checkpoint_if_cancelled().await;
        Event::Stopped { worker: name }.tell();
        Ok(())
    });
    let signal = outcome.signal;
    outcome.result.map_err(|_| Failure::Cancelled { signal })?
}

fn supervise(options: &Options, leases: &Leases) -> Result<Supervisor, Failure> {
    let worker = Worker::new(options);
    let children = options.names().map(|name| child(name, leases.clone(), worker.clone()));
    // Together, so that all are handed over as soon as their own work is done.
    let builder = Supervisor::builder("lock_worker").stop_together();
    Ok(children.fold(builder, SupervisorBuilder::child).build()?)
}

fn child(name: LeaseName, leases: Leases, worker: Worker) -> ChildSpec {
    let id = name.to_string();
    let work = move |_| resource::keep(name.clone(), leases.clone(), worker.clone());
    ChildSpec::new(id, work).shutdown(Shutdown::Wait)
}
