//! What happens to the resources of this worker, a line each on standard output.
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::time::Duration;

use arbour::leases::{Fence, LeaseName, LossReason, StoreError};

use super::record::{Record, Stamp, Step};

/// What has happened. A line is its name, its facts as `name=value`, and `at=` the microseconds since 1970; facts in
/// words stand last, in quotes.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// The worker begins.
    Ready { worker: &'a str, resources: NonZeroUsize, ttl: Duration },
    /// The worker has nothing yet: so many resources are held by these.
    Waits { taken: usize, owners: &'a BTreeSet<&'a str> },
    /// The store has granted the lease.
    Acquired { resource: &'a LeaseName, fence: Fence },
    /// The first write under the new fence is accepted: the hand-over from whose record was the last is complete.
    TookOver { record: &'a Record, from: Option<&'a Record> },
    /// A piece of work is begun.
    Begins { resource: &'a LeaseName, fence: Fence },
    /// A piece of work is written.
    Worked { record: &'a Record },
    /// The lease has not been confirmed in time: no work is begun, and nothing written, until it is, or is lost. `at`
    /// is when that began.
    Gated { resource: &'a LeaseName, fence: Fence, since: Duration },
    /// It was confirmed after all.
    GoesOn { resource: &'a LeaseName, fence: Fence },
    /// The store has refused a write, as it has granted a newer fence.
    Refused { resource: &'a LeaseName, fence: Fence, newest: Option<Fence> },
    /// The lease is lost, and work under it cancelled.
    Lost { resource: &'a LeaseName, fence: Fence, why: &'a LossReason },
    /// The store knows that the lease is released.
    Released { resource: &'a LeaseName },
    /// The store has not answered; it is asked again.
    Unanswered { resource: &'a LeaseName, error: &'a StoreError },
    /// The worker ends.
    Stopped { worker: &'a str },
}

impl Event<'_> {
    /// Prints the event. That nobody reads it does not stop the work.
    pub(crate) fn tell(&self) {
        let _ = writeln!(io::stdout().lock(), "{}", self.line(Stamp::now()));
    }

    fn line(&self, now: Stamp) -> String {
        let at = match self {
            Self::Gated { since, .. } => now.0.saturating_sub(micros(*since)),
            _ => now.0,
        };
        match self.words() {
            Some(words) => format!("{self} at={at} why={words:?}"),
            None => format!("{self} at={at}"),
        }
    }

    fn words(&self) -> Option<String> {
        match self {
            Self::Waits { owners, .. } => {
                Some(format!("held by {}", Vec::from_iter(owners.iter().copied()).join(", ")))
            }
            Self::Lost { why, .. } => Some(why.to_string()),
            Self::Unanswered { error, .. } => Some(error.to_string()),
            _ => None,
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready { worker, resources, ttl } => {
                write!(f, "ready worker={worker} resources={resources} ttl={ttl:?}")
            }
            Self::Waits { taken, .. } => write!(f, "waits taken={taken}"),
            Self::Acquired { resource, fence } => write!(f, "acquired resource={resource} fence={fence}"),
            Self::TookOver { record: Record { resource, fence, sequence, ended, .. }, from: Some(from) } => {
                let (how, gap) = (parting(from.step), ended.since(from.ended));
                let Record { worker, .. } = from;
                write!(
                    f,
                    "took-over resource={resource} fence={fence} sequence={sequence} from={worker} {how}={gap:?}"
                )
            }
            Self::TookOver { record: Record { resource, fence, sequence, .. }, from: None } => {
                write!(f, "took-over resource={resource} fence={fence} sequence={sequence}")
            }
            Self::Begins { resource, fence } => write!(f, "begins resource={resource} fence={fence}"),
            Self::Worked { record: Record { resource, fence, sequence, .. } } => {
                write!(f, "worked resource={resource} fence={fence} sequence={sequence}")
            }
            Self::Gated { resource, fence, .. } => write!(f, "gated resource={resource} fence={fence}"),
            Self::GoesOn { resource, fence } => write!(f, "goes-on resource={resource} fence={fence}"),
            Self::Refused { resource, fence, newest: Some(newest) } => {
                write!(f, "refused resource={resource} fence={fence} newest={newest}")
            }
            Self::Refused { resource, fence, newest: None } => {
                write!(f, "refused resource={resource} fence={fence}")
            }
            Self::Lost { resource, fence, .. } => write!(f, "lost resource={resource} fence={fence}"),
            Self::Released { resource } => write!(f, "released resource={resource}"),
            Self::Unanswered { resource, .. } => write!(f, "unanswered resource={resource}"),
            Self::Stopped { worker } => write!(f, "stopped worker={worker}"),
        }
    }
}

/// How the one before is gone: it has said so, or its last record is some work.
fn parting(last: Step) -> &'static str {
    match last {
        Step::Left => "left",
        Step::Came | Step::Worked => "vanished",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Stamp;

    fn record(step: Step, ended: u64) -> Record {
        let (resource, worker) = ("resource/3".to_owned(), "oak".to_owned());
        Record { resource, sequence: 8, fence: 17, worker, step, began: Stamp(900), ended: Stamp(ended) }
    }

    #[test]
    fn a_line_says_what_to_which_resource_and_when() {
        let resource = LeaseName::new("resource/3").unwrap();
        let fence = Fence::new(17);
        let acquired = Event::Acquired { resource: &resource, fence };
        assert_eq!(acquired.line(Stamp(1_000)), "acquired resource=resource/3 fence=17 at=1000");
        let waits = Event::Waits { taken: 3, owners: &BTreeSet::from(["oak#1", "elm#2"]) };
        assert_eq!(waits.line(Stamp(1_000)), "waits taken=3 at=1000 why=\"held by elm#2, oak#1\"");
        let since = Duration::from_micros(400);
        let gated = Event::Gated { resource: &resource, fence, since };
        assert_eq!(gated.line(Stamp(1_000)), "gated resource=resource/3 fence=17 at=600");
    }

    #[test]
    fn a_hand_over_tells_who_left_and_how_long_ago() {
        let (came, left, worked) =
            (record(Step::Came, 5_000), record(Step::Left, 2_000), record(Step::Worked, 1_000));
        let line = |from| Event::TookOver { record: &came, from }.to_string();
        assert_eq!(line(Some(&left)), "took-over resource=resource/3 fence=17 sequence=8 from=oak left=3ms");
        assert_eq!(
            line(Some(&worked)),
            "took-over resource=resource/3 fence=17 sequence=8 from=oak vanished=4ms"
        );
        assert_eq!(line(None), "took-over resource=resource/3 fence=17 sequence=8");
    }
}
