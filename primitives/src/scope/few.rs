//! A list that is nearly always empty or has one entry, and allocates only for the second.

/// Few entries, in the order in which they were added.
pub(super) struct Few<T> {
    /// `None` means that there are no others either.
    first: Option<T>,
    others: Vec<T>,
}

impl<T> Few<T> {
    pub(super) fn push(&mut self, entry: T) {
        match self.first {
            None => self.first = Some(entry),
            Some(_) => self.others.push(entry),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The entries, last in first out.
    pub(super) fn into_last_first(self) -> impl Iterator<Item = T> {
        self.others.into_iter().rev().chain(self.first)
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { first: None, others: Vec::new() }
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, entries: I) {
        entries.into_iter().for_each(|entry| self.push(entry));
    }
}
