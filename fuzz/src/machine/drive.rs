//! One life: events are chosen by the records, the machine and the model hear them, and must say the same.

use super::{
    case::Case,
    draw::{Draw, ms},
    model::Model,
    translate::{Translator, delay},
    words::{Ask, Deed, News, Number, Run, Time},
};
use arbour_supervisor::{
    directive::Directive,
    machine::{Machine, Next, What},
};
use std::{collections::BTreeMap, fmt::Write as _};

/// How often which deeds were seen, under their names.
pub type Seen = BTreeMap<&'static str, u64>;

/// So many events are heard by a supervisor that has ended.
const REFUSALS: usize = 4;

/// So many more events bring any life to its end.
const LAST_EVENTS: usize = 100;

#[derive(Debug)]
pub(super) struct Drive<'a> {
    case: &'a Case,
    machine: Machine,
    model: Model,
    translator: Translator,
    now: Time,
    calls: u64,
    unanswered: Vec<u64>,
    /// What runs, what of it has not been said to be ready, and all that ever ran.
    live: Vec<(Number, Run)>,
    fresh: Vec<(Number, Run)>,
    ever: Vec<(Number, Run)>,
    is_up: bool,
    seen: Seen,
    story: Option<String>,
}

/// The life that these bytes tell of, a line for each event and each deed, up to where machine and model disagree.
#[must_use]
pub fn story(data: &[u8]) -> String {
    let case = Case::read(data);
    let mut drive = Drive { story: Some(format!("{case:#?}\n")), ..Drive::new(&case) };
    let outcome = drive.all_events();
    let story = drive.story.unwrap_or_default();
    story + &outcome.err().unwrap_or_default()
}

impl<'a> Drive<'a> {
    pub(super) fn new(case: &'a Case) -> Self {
        let machine = case.machine();
        let translator = Translator::of(&machine);
        Self {
            case,
            model: case.model(),
            machine,
            translator,
            now: Time::ZERO,
            calls: 0,
            unanswered: Vec::new(),
            live: Vec::new(),
            fresh: Vec::new(),
            ever: Vec::new(),
            is_up: false,
            seen: Seen::new(),
            story: None,
        }
    }

    pub(super) fn into_seen(mut self) -> Result<Seen, String> {
        self.all_events()?;
        Ok(self.seen)
    }

    fn all_events(&mut self) -> Result<(), String> {
        if !self.case.early {
            self.hear(News::Start)?;
        }
        let mut refusals = 0..REFUSALS;
        for &record in &self.case.events {
            if self.machine.is_finished() && refusals.next().is_none() {
                break;
            }
            if let Some(news) = self.news(record) {
                self.hear(news)?;
            }
        }
        self.finish()
    }

    /// However it stands, a shutdown brings it to an end, in which every call was answered and no timer is left.
    fn finish(&mut self) -> Result<(), String> {
        self.hear(News::Shutdown(None))?;
        for _ in 0..LAST_EVENTS {
            match self.live.first() {
                Some(&(child, run)) => self.hear(self.gone(child, run, Draw::of(&[])))?,
                None => self.hear(News::Timer)?,
            }
        }
        let left = (&self.unanswered, self.machine.next_deadline(), &self.live);
        match left {
            (calls, None, live) if calls.is_empty() && live.is_empty() && self.machine.is_finished() => {
                Ok(())
            }
            _ => Err(format!("at the end there is left: {left:?}")),
        }
    }

    /// What happens next; nothing if only time passes.
    fn news(&mut self, mut draw: Draw) -> Option<News> {
        Some(match draw.below(256) {
            0..100 if !self.fresh.is_empty() => {
                let (child, run) = draw.pick(&self.fresh);
                News::Ready(child, run)
            }
            0..145 => {
                let (child, run) = self.living(&mut draw)?;
                match draw.below(if self.is_up { 1 } else { 6 }) {
                    0 => self.gone(child, run, draw),
                    _ => News::Ready(child, run),
                }
            }
            145..150 => {
                let (child, run) = self.living(&mut draw)?;
                News::Declined(child, run)
            }
            150..155 => {
                let (child, run) = (!self.ever.is_empty()).then(|| draw.pick(&self.ever))?;
                self.old_news(child, run, draw)
            }
            155..195 => self.timer(&mut draw),
            195..200 => {
                self.now += draw.pick(&[ms(1), ms(30), ms(5_000)]);
                return None;
            }
            200..253 => {
                self.calls += 1;
                News::Call(self.calls, self.ask(&mut draw))
            }
            253 if draw.below(2) == 1 => News::CancelAll(self.limit(&mut draw)),
            253 | 254 => News::Shutdown(self.limit(&mut draw)),
            _ => News::Start,
        })
    }

    fn living(&self, draw: &mut Draw) -> Option<(Number, Run)> {
        (!self.live.is_empty()).then(|| draw.pick(&self.live))
    }

    fn gone(&self, child: Number, run: Run, mut draw: Draw) -> News {
        News::Exited(child, run, draw.exit(), draw.directive())
    }

    /// News of what may be over long since, or may still run; only what has not ended can end.
    fn old_news(&self, child: Number, run: Run, mut draw: Draw) -> News {
        match draw.below(3) {
            0 => News::Ready(child, run),
            1 => News::Exited(child, run, draw.exit(), Directive::ByPolicy),
            _ => News::Declined(child, run),
        }
    }

    /// The driver's timer, mostly when it is due; or just before, late, or without need.
    fn timer(&mut self, draw: &mut Draw) -> News {
        let due = self.model.next_deadline().unwrap_or(self.now).max(self.now);
        let early = due.saturating_sub(ms(1)).max(self.now);
        self.now = draw.pick(&[due, due, due, early, due + ms(1), due + ms(20), due + ms(5_000), self.now]);
        News::Timer
    }

    fn limit(&self, draw: &mut Draw) -> Option<Time> {
        draw.pick(&[None, Some(ms(10)), Some(ms(0)), Some(ms(4_000))]).map(|left| self.now + left)
    }

    fn ask(&self, draw: &mut Draw) -> Ask {
        let by_slot = self.case.is_dynamic() != (draw.below(20) == 19);
        let slots = self.translator.count() as u64;
        match draw.below(14) {
            0..5 if by_slot => Ask::StartDynamic,
            5..8 if by_slot && slots > 0 => Ask::StopDynamic(draw.below(slots) as usize),
            8 if by_slot => Ask::Template(draw.rules()),
            0..3 => Ask::Start(draw.spec()),
            3..8 => Ask::Stop(draw.name()),
            8..10 => Ask::Restart(draw.name()),
            10 => Ask::Rules(draw.spec()),
            11 => Ask::Config(draw.config()),
            _ => Ask::Delete(draw.name()),
        }
    }

    fn hear(&mut self, news: News) -> Result<(), String> {
        let event = self.translator.event(&news);
        self.before(&news);
        let mut actions = Vec::new();
        self.machine.handle(event, self.translator.instant(self.now), &mut actions);
        let done: Vec<Deed> = actions.into_iter().map(|action| self.translator.deed(action)).collect();
        self.tell(&news, &done);
        let drawn = done.iter().filter_map(delay).collect();
        let expected = self.model.hear(news, self.now, drawn);
        agree("is done", &done, &expected)?;
        agree("is due next", &self.due(), &self.model.next_deadline())?;
        agree("has a slot", &self.translator.slots(&self.machine), &self.model.slots())?;
        agree("is over", &self.machine.is_finished(), &self.model.is_over())?;
        done.iter().try_for_each(|deed| self.after(deed))
    }

    fn due(&self) -> Option<Time> {
        self.machine.next_deadline().map(|at| self.translator.time(at))
    }

    fn tell(&mut self, news: &News, done: &[Deed]) {
        if let Some(story) = &mut self.story {
            let _ = writeln!(story, "{:?}: {news:?}", self.now);
            for deed in done {
                let _ = writeln!(story, "    {deed:?}");
            }
        }
    }

    fn before(&mut self, news: &News) {
        match news {
            News::Ready(child, run) => self.fresh.retain(|fresh| fresh != &(*child, *run)),
            News::Exited(child, run, ..) | News::Declined(child, run) => {
                self.fresh.retain(|fresh| fresh != &(*child, *run));
                self.live.retain(|live| live != &(*child, *run));
            }
            News::Call(call, _) => self.unanswered.push(*call),
            _ => {}
        }
    }

    /// What follows from a deed for what may happen; each call is answered once.
    fn after(&mut self, deed: &Deed) -> Result<(), String> {
        *self.seen.entry(name(deed)).or_default() += 1;
        match deed {
            Deed::Start(child, run) => {
                self.fresh.push((*child, *run));
                self.live.push((*child, *run));
                self.ever.push((*child, *run));
            }
            Deed::Ready => self.is_up = true,
            Deed::Reply(call, _) => {
                let open = self.unanswered.iter().position(|open| open == call);
                self.unanswered.remove(open.ok_or_else(|| format!("call {call} is answered twice"))?);
            }
            _ => {}
        }
        Ok(())
    }
}

fn agree<T: PartialEq + std::fmt::Debug>(what: &str, machine: &T, model: &T) -> Result<(), String> {
    if machine == model {
        return Ok(());
    }
    Err(format!("what {what}\n  by the machine: {machine:?}\n  by the model:   {model:?}"))
}

fn name(deed: &Deed) -> &'static str {
    match deed {
        Deed::Added(..) => "added",
        Deed::Start(..) => "start",
        Deed::Drain { .. } => "drain",
        Deed::Cancel { .. } => "cancel",
        Deed::Abort(..) => "abort",
        Deed::Removed(_) => "removed",
        Deed::Reply(..) => "reply",
        Deed::Ready => "ready",
        Deed::Finished(end) => match end {
            super::words::End::Shutdown => "shutdown",
            super::words::End::StartFailed(..) => "start failed",
            super::words::End::GaveUp(..) => "gave up",
            super::words::End::AutoShutdown(_) => "auto-shutdown",
            super::words::End::Escalated(..) => "escalated",
            super::words::End::Stuck(_) => "left behind",
        },
        Deed::Report(_, _, What::Ended { next: Next::RestartsGroup { .. }, .. }) => "group restart",
        Deed::Report(_, _, What::Ended { next: Next::Restarts { .. }, .. }) => "restart",
        Deed::Report(_, _, What::Stuck) => "stuck",
        Deed::Report(_, _, What::GroupCalledOff) => "group called off",
        Deed::Report(..) => "report",
    }
}
