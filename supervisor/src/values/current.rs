//! The values in force on this thread, for the task that runs there.
//!
//! A list holds at most one value for each key: values that shadow each other do not pile up, however deep the
//! tasks are nested, and the drop of a list is no recursion.

use super::Key;
use crate::runtime::task_id;
use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

/// Everything in force at one place. Never changed, so that children share it.
pub(crate) type Values = Arc<[Entry]>;

#[derive(Clone)]
pub(crate) struct Entry {
    key: &'static Key,
    value: Arc<dyn Any + Send + Sync>,
}

impl Entry {
    pub(super) fn new(key: &'static Key, value: impl Send + Sync + 'static) -> Self {
        Self { key, value: Arc::new(value) }
    }

    /// The list with this entry in it, in the place of the one it shadows.
    pub(super) fn over(&self, outer: Option<&Values>) -> Values {
        let others = outer.into_iter().flat_map(|values| values.iter());
        others.filter(|other| !std::ptr::eq(other.key, self.key)).chain([self]).cloned().collect()
    }
}

struct Here {
    values: Cell<Option<Values>>,
    /// The task whose values these are: code of another, run by an executor inside of this one, must not see them.
    task: Cell<u64>,
}

impl Here {
    fn replace(&self, values: Option<Values>, task: u64) -> (Option<Values>, u64) {
        (self.values.replace(values), self.task.replace(task))
    }

    fn peek<R>(&self, look: impl FnOnce(Option<&Values>) -> R) -> R {
        let values = self.values.take();
        let result = look(values.as_ref().filter(|_| self.task.get() == task_id()));
        self.values.set(values);
        result
    }
}

thread_local! {
    static HERE: Here = const { Here { values: Cell::new(None), task: Cell::new(0) } };
}

/// Nothing foreign may run inside: the list is out of its cell meanwhile. While a thread ends nothing is in force.
fn peek<R>(look: impl Fn(Option<&Values>) -> R) -> R {
    HERE.try_with(|here| here.peek(&look)).unwrap_or_else(|_| look(None))
}

/// What is in force here.
pub(crate) fn in_force() -> Option<Values> {
    peek(|values| values.cloned())
}

/// Whether this very list is in force here.
pub(super) fn is_in_force(list: Option<&Values>) -> bool {
    peek(|values| match (values, list) {
        (Some(values), Some(list)) => Arc::ptr_eq(values, list),
        (None, None) => true,
        _ => false,
    })
}

pub(super) fn look_up(key: &'static Key) -> Option<Arc<dyn Any + Send + Sync>> {
    peek(|values| {
        let found = values?.iter().find(|entry| std::ptr::eq(entry.key, key))?;
        Some(Arc::clone(&found.value))
    })
}

/// Runs `body` with this list in force, and nothing else; moves it to the thread and back, also when `body` panics.
pub(crate) fn within<R>(list: &mut Option<Values>, body: impl FnOnce() -> R) -> R {
    let before = HERE.try_with(|here| here.replace(list.take(), task_id())).ok();
    let _back = PutBack { list, before };
    body()
}

struct PutBack<'a> {
    list: &'a mut Option<Values>,
    /// `None`: the thread is ending, and nothing was put in force.
    before: Option<(Option<Values>, u64)>,
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        let Some((values, task)) = self.before.take() else { return };
        if let Ok((own, _)) = HERE.try_with(|here| here.replace(values, task)) {
            *self.list = own;
        }
    }
}
