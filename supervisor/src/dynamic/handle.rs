//! What others may ask of a dynamic supervisor.

use super::argument::{Argument, Template};
use crate::child::{ChildContext, ChildSpec};
use crate::failure::Failure;
use crate::machine::{CallError, ChildPolicy, Counts};
use crate::supervisor::{ChildInfo, ChildRef, ChildStart, Refused, SupervisorHandle};
use std::fmt;
use std::sync::Arc;

/// A handle to a dynamic supervisor. Cheap to clone; it does not keep the supervisor running.
///
/// What every supervisor can be asked for, as a snapshot or another configuration, is at
/// [`supervisor`](Self::supervisor).
pub struct DynamicSupervisorHandle<A> {
    supervisor: SupervisorHandle,
    template: Arc<Template<A>>,
}

impl<A: Clone + Send + 'static> DynamicSupervisorHandle<A> {
    /// Starts one more child with this argument; returns when it is ready.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the child is started all the same.
    ///
    /// # Errors
    ///
    /// [`RefusedArgument`] when there are [as many children as there may
    /// be](crate::DynamicSupervisorBuilder::max_children), the child did not become ready, or the supervisor is ending.
    pub async fn start_child(&self, argument: A) -> Result<ChildStart, RefusedArgument<A>> {
        let argument = Argument::new(argument);
        let child = self.template.child(&argument);
        self.supervisor.start_dynamic(child).await.map_err(|refused| RefusedArgument {
            reason: refused.reason,
            failure: refused.failure,
            argument: refused.spec.and_then(|_| argument.take()),
        })
    }

    /// Makes children that are started from now on by this function and with these policies. Those that are there
    /// stay as they are, also in their later incarnations.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may have taken the policies, and not the function.
    ///
    /// # Errors
    ///
    /// [`CallError::Refused`] if no child could be started with this policy; [`CallError::SupervisorEnding`].
    pub async fn replace_template<F, Fut, E>(&self, policy: ChildPolicy, start: F) -> Result<(), CallError>
    where
        F: Fn(ChildContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure>,
    {
        self.supervisor.replace_policy(policy).await?;
        self.template.replace(&Template::new(start));
        Ok(())
    }
}

impl<A> DynamicSupervisorHandle<A> {
    /// Starts one more child, which is described by itself; returns when it is ready. Its name and its policies are the
    /// supervisor's: of the specification only what it runs counts.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the child is started all the same.
    ///
    /// # Errors
    ///
    /// [`Refused`] as for [`start_child`](Self::start_child), with the specification if no slot was made.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{ChildSpec, DynamicSupervisor, Failure, stopping, task_group};
    ///
    /// # arbour::testing::block_on(async {
    /// let jobs = DynamicSupervisor::of_specs("jobs").build().unwrap();
    /// let handle = jobs.handle();
    /// task_group(async |group| {
    ///     group.spawn(jobs.run());
    ///     let job = ChildSpec::new("job", |_| async { Ok::<_, Failure>(stopping().await) });
    ///     let job = handle.start_spec(job).await.unwrap().child().unwrap();
    ///     handle.stop_child(job).await.unwrap();
    ///     handle.request_stop();
    /// })
    /// .await
    /// .unwrap();
    /// # });
    /// ```
    pub async fn start_spec(&self, child: ChildSpec) -> Result<ChildStart, Refused> {
        self.supervisor.start_dynamic(child.renamed("")).await
    }

    pub(super) fn new(supervisor: SupervisorHandle, template: Arc<Template<A>>) -> Self {
        Self { supervisor, template }
    }

    /// The handle of the supervisor, whatever its children are.
    #[must_use]
    pub fn supervisor(&self) -> &SupervisorHandle {
        &self.supervisor
    }

    /// Stops this child by its rule; returns when it is gone. One that waits for its next restart is gone at once.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the child is stopped all the same.
    ///
    /// # Errors
    ///
    /// [`CallError::NoSuchSlot`] when it is gone already, or is a child of another supervisor;
    /// [`CallError::SupervisorEnding`].
    pub async fn stop_child(&self, child: ChildRef) -> Result<(), CallError> {
        self.supervisor.stop_by_ref(child).await
    }

    /// The children, in the order in which they were brought; none after the supervisor has ended.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    pub async fn which_children(&self) -> Vec<ChildInfo> {
        self.supervisor.which_children().await
    }

    /// How one child is.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    ///
    /// # Errors
    ///
    /// [`CallError::NoSuchSlot`] when it is gone, or is a child of another supervisor;
    /// [`CallError::SupervisorEnding`].
    pub async fn which_child(&self, child: ChildRef) -> Result<ChildInfo, CallError> {
        self.supervisor.which_by_ref(child).await
    }

    /// The policies of one child, those that were not set included.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    ///
    /// # Errors
    ///
    /// As for [`which_child`](Self::which_child).
    pub async fn child_spec(&self, child: ChildRef) -> Result<ChildPolicy, CallError> {
        self.supervisor.policy_by_ref(child).await
    }

    /// The policies of the children that are started from now on.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    ///
    /// # Errors
    ///
    /// [`CallError::SupervisorEnding`] after the supervisor has ended.
    pub async fn template(&self) -> Result<ChildPolicy, CallError> {
        self.supervisor.template_policy().await
    }

    /// How many children there are, and how many of them run.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    pub async fn count_children(&self) -> Counts {
        self.supervisor.count_children().await
    }

    /// Asks the supervisor to stop its children, all at once, and to end. Does not wait for it.
    pub fn request_stop(&self) {
        self.supervisor.request_stop();
    }
}

impl<A> Clone for DynamicSupervisorHandle<A> {
    fn clone(&self) -> Self {
        Self::new(self.supervisor.clone(), Arc::clone(&self.template))
    }
}

impl<A> fmt::Debug for DynamicSupervisorHandle<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicSupervisorHandle")
            .field("name", &self.supervisor.name())
            .finish_non_exhaustive()
    }
}

/// A dynamic supervisor did not start a child. Hands the argument back where it was not used.
#[derive(thiserror::Error)]
#[error("{reason}{}", .failure.as_ref().map_or_else(String::new, |failure| format!("; its last failure: {failure}")))]
#[non_exhaustive]
pub struct RefusedArgument<A> {
    /// Why.
    pub reason: CallError,
    /// The failure of the child, if it was started and left one.
    pub failure: Option<Failure>,
    /// The argument, unless a child was started with it and failed, or the supervisor was aborted meanwhile.
    pub argument: Option<A>,
}

impl<A> fmt::Debug for RefusedArgument<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefusedArgument")
            .field("reason", &self.reason)
            .field("failure", &self.failure)
            .field("argument", &self.argument.as_ref().map(|_| "handed back"))
            .finish()
    }
}
