//! Routing by key, and changing the number of partitions.

use super::error::{NoPartitions, ResizeError};
use crate::supervisor::SupervisorHandle;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Mutex;

/// A handle to a partition supervisor. Cheap to clone; it does not keep the supervisor running.
///
/// How the partitions are, and the end of the supervisor, are at [`supervisor`](Self::supervisor).
pub struct PartitionSupervisorHandle<T> {
    supervisor: SupervisorHandle,
    partitions: Arc<Partitions<T>>,
}

/// What all handles share.
pub(super) struct Partitions<T> {
    targets: Box<[T]>,
    /// Keys lead to this many of them, the first.
    active: AtomicUsize,
    /// One change of the number at a time.
    resizing: Mutex<()>,
}

impl<T> Partitions<T> {
    pub(super) fn new(targets: Vec<T>) -> Self {
        Self { active: AtomicUsize::new(targets.len()), targets: targets.into(), resizing: Mutex::default() }
    }

    fn active(&self) -> usize {
        // ORDERING: a number by itself; the partitions it counts are told apart by calls.
        self.active.load(Ordering::Relaxed)
    }

    fn set_active(&self, number: usize) {
        // ORDERING: as in `active`.
        self.active.store(number, Ordering::Relaxed);
    }
}

impl<T> PartitionSupervisorHandle<T> {
    pub(super) fn new(supervisor: SupervisorHandle, partitions: Arc<Partitions<T>>) -> Self {
        Self { supervisor, partitions }
    }

    /// The handle of the supervisor, whatever its children are.
    #[must_use]
    pub fn supervisor(&self) -> &SupervisorHandle {
        &self.supervisor
    }

    /// How many partitions keys lead to.
    #[must_use]
    pub fn partitions(&self) -> usize {
        self.partitions.active()
    }

    /// The target of the partition of this key. One key leads to one partition as long as their number stays.
    ///
    /// # Errors
    ///
    /// [`NoPartitions`] after a [`resize`](Self::resize) to 0.
    pub fn route(&self, key: &(impl Hash + ?Sized)) -> Result<T, NoPartitions>
    where
        T: Clone,
    {
        self.index_of(key).map(|index| self.partitions.targets[index].clone())
    }

    /// The target of the partition of this number: numbers wrap, and of a negative one the sign does not count.
    ///
    /// # Errors
    ///
    /// [`NoPartitions`] after a [`resize`](Self::resize) to 0.
    pub fn route_number(&self, number: i64) -> Result<T, NoPartitions>
    where
        T: Clone,
    {
        self.wrapped(number.unsigned_abs()).map(|index| self.partitions.targets[index].clone())
    }

    /// The index of the partition of this key.
    ///
    /// # Errors
    ///
    /// [`NoPartitions`] after a [`resize`](Self::resize) to 0.
    pub fn index_of(&self, key: &(impl Hash + ?Sized)) -> Result<usize, NoPartitions> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.wrapped(hasher.finish())
    }

    fn wrapped(&self, number: u64) -> Result<usize, NoPartitions> {
        let index = number.checked_rem(self.partitions.active() as u64).ok_or(NoPartitions {})?;
        // Less than the number of partitions, which is a `usize`.
        Ok(usize::try_from(index).unwrap_or(0))
    }

    /// Changes the number of partitions, at most to what the supervisor was built with; returns what it was.
    ///
    /// Fewer: keys lead to those that are left at once, then the others are stopped, newest first; their slots are
    /// kept. More: the stopped ones are started in order, and keys lead there as soon as they are ready.
    ///
    /// # Cancel safety
    ///
    /// Dropped half-way, keys lead to partitions that run; the same call again does the rest.
    ///
    /// # Errors
    ///
    /// [`ResizeError`] when there were never so many, or a partition did not stop or start; again, the same call
    /// does the rest.
    pub async fn resize(&self, partitions: usize) -> Result<usize, ResizeError> {
        let most = self.partitions.targets.len();
        if partitions > most {
            return Err(ResizeError::TooMany { asked: partitions, most });
        }
        let _one_at_a_time = self.partitions.resizing.lock().await;
        let before = self.partitions.active();
        self.partitions.set_active(before.min(partitions));
        for index in (partitions..most).rev() {
            self.stop(index).await?;
        }
        for index in before..partitions {
            self.start(index).await?;
            self.partitions.set_active(index + 1);
        }
        Ok(before)
    }

    async fn stop(&self, index: usize) -> Result<(), ResizeError> {
        self.supervisor
            .stop_child(index.to_string())
            .await
            .map_err(|reason| ResizeError::Stop { index, reason })
    }

    async fn start(&self, index: usize) -> Result<(), ResizeError> {
        // A call that was dropped half-way may have begun to start or to stop it: that is called off, or waited for.
        self.stop(index).await?;
        match self.supervisor.restart_child(index.to_string()).await {
            Ok(_) => Ok(()),
            Err(refused) => Err(ResizeError::Start { index, refused }),
        }
    }
}

impl<T> Clone for PartitionSupervisorHandle<T> {
    fn clone(&self) -> Self {
        Self::new(self.supervisor.clone(), Arc::clone(&self.partitions))
    }
}

impl<T> fmt::Debug for PartitionSupervisorHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionSupervisorHandle")
            .field("name", &self.supervisor.name())
            .field("partitions", &self.partitions())
            .finish_non_exhaustive()
    }
}
