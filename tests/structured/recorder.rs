//! A subscriber that notes each event with its fields and the spans it was in. One thread, no filter but the level.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// What was heard.
pub(crate) struct Heard {
    pub(crate) level: Level,
    /// The crate and module that said it.
    pub(crate) target: &'static str,
    /// The message, after the spans it was in.
    pub(crate) text: String,
    /// All else: `name=value`, with blanks between.
    pub(crate) fields: String,
}

pub(crate) struct Recorder {
    level: Level,
    /// By number: the span as text, its parents included.
    spans: Mutex<Vec<(String, &'static Metadata<'static>)>>,
    entered: Mutex<Vec<Id>>,
    events: Arc<Mutex<Vec<Heard>>>,
}

impl Recorder {
    pub(crate) fn new(level: Level) -> Self {
        Self { level, spans: Mutex::default(), entered: Mutex::default(), events: Arc::default() }
    }

    pub(crate) fn events(&self) -> Arc<Mutex<Vec<Heard>>> {
        Arc::clone(&self.events)
    }

    fn text(&self, span: &Id) -> String {
        let at = usize::try_from(span.into_u64()).expect("few spans") - 1;
        self.spans.lock().unwrap()[at].0.clone()
    }

    fn current(&self) -> Option<Id> {
        self.entered.lock().unwrap().last().cloned()
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.level.into())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let parent = span.parent().cloned().or_else(|| self.current().filter(|_| span.is_contextual()));
        let mut fields = Fields::default();
        span.record(&mut fields);
        let own = match fields.others.as_str() {
            "" => span.metadata().name().to_owned(),
            others => format!("{}{{{others}}}", span.metadata().name()),
        };
        let text = parent.map_or_else(|| own.clone(), |parent| format!("{} > {own}", self.text(&parent)));
        let mut spans = self.spans.lock().unwrap();
        spans.push((text, span.metadata()));
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let text = match self.current() {
            Some(span) => format!("{}: {}", self.text(&span), fields.message),
            None => fields.message,
        };
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        self.events.lock().unwrap().push(Heard { level, target, text, fields: fields.others });
    }

    fn enter(&self, span: &Id) {
        self.entered.lock().unwrap().push(span.clone());
    }

    fn exit(&self, span: &Id) {
        let left = self.entered.lock().unwrap().pop();
        assert_eq!(left.as_ref(), Some(span), "spans are left in the reverse order");
    }

    fn current_span(&self) -> tracing_core::span::Current {
        match self.current() {
            Some(id) => {
                let at = usize::try_from(id.into_u64()).expect("few spans") - 1;
                tracing_core::span::Current::new(id, self.spans.lock().unwrap()[at].1)
            }
            None => tracing_core::span::Current::none(),
        }
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            let space = if self.others.is_empty() { "" } else { " " };
            let _ = write!(self.others, "{space}{}={value:?}", field.name());
        }
    }
}
