//! A random tree of steps, as data: a function of its seed and size.

/// What a body does, one step after the other.
#[derive(Debug, Clone)]
pub(crate) struct Tree(pub(crate) Vec<Step>);

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Yield(u64),
    Sleep(u64),
    Defer(u64),
    CleanUp(u64),
    Scope(Tree),
    Shield(Tree),
    Catch(Tree),
    /// A deadline after so many milliseconds.
    Deadline(u64, Tree),
    /// Dropped by foreign code after so many turns.
    DroppedAfter(u64, Tree),
    /// The body and the children of a group.
    Group(Tree, Vec<Tree>),
    /// A child that says after so many turns that it is ready.
    Start(u64, Tree),
    /// Cancelled by a token of others after so many milliseconds.
    Bridged(u64, Tree),
    /// Cancels the nearest group.
    CancelGroup,
    /// Cancels the nearest group, whose clean-up has so many milliseconds.
    CancelGroupWithin(u64),
    AbortGroup,
    Fail,
    Panic,
}

impl Tree {
    /// The tree of this seed, with at most so many steps.
    pub(crate) fn of(seed: u64, size: usize) -> Self {
        let mut generator = Generator { state: seed ^ 0xC4A0_5000, left: size };
        generator.body(0)
    }
}

struct Generator {
    state: u64,
    left: usize,
}

impl Generator {
    /// A linear congruential generator, of which the upper bits are used.
    fn below(&mut self, bound: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound
    }

    fn body(&mut self, depth: u32) -> Tree {
        let steps = 1 + self.below(6);
        Tree((0..steps).map_while(|_| self.step(depth)).collect())
    }

    fn step(&mut self, depth: u32) -> Option<Step> {
        self.left = self.left.checked_sub(1)?;
        let kinds = if depth < 6 { 24 } else { 9 };
        Some(match self.below(kinds) {
            0 | 1 => Step::Yield(1 + self.below(3)),
            2 => Step::Sleep(self.below(20)),
            3 | 4 => Step::Defer(self.below(4)),
            5 | 6 => Step::CleanUp(self.below(4)),
            7 => match self.below(4) {
                0 => Step::AbortGroup,
                1 => Step::CancelGroupWithin(self.below(4)),
                _ => Step::CancelGroup,
            },
            8 => {
                if self.below(2) == 0 {
                    Step::Fail
                } else {
                    Step::Panic
                }
            }
            9 | 10 => Step::Scope(self.body(depth + 1)),
            11 => Step::Shield(self.body(depth + 1)),
            12 => Step::Catch(self.body(depth + 1)),
            13 | 14 => Step::Deadline(self.below(15), self.body(depth + 1)),
            15 | 16 => Step::DroppedAfter(self.below(6), self.body(depth + 1)),
            17 | 18 => Step::Start(self.below(4), self.body(depth + 1)),
            19 => Step::Bridged(self.below(10), self.body(depth + 1)),
            _ => {
                let children = 1 + self.below(3);
                let children = (0..children).map(|_| self.body(depth + 1)).collect();
                Step::Group(self.body(depth + 1), children)
            }
        })
    }
}
