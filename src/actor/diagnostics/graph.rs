//! Who waits for whom, as a graph: pure.
//!
//! # Invariants
//!
//! 1. No circle is in the graph: an edge that would close one is refused.
//! 2. An edge stands as long as the wait: as often as one actor waits for another at a time, so often it is there.

use std::collections::HashMap;
use std::sync::Arc;

/// Whether somebody who began to wait still does: a wait may be over before its task runs and says so.
pub(super) type Still = Box<dyn Fn() -> bool + Send>;

/// Actors by the identities of their slots, and for whom each waits.
#[derive(Default)]
pub(super) struct Graph {
    names: HashMap<usize, Arc<str>>,
    waits: HashMap<usize, Vec<Wait>>,
}

struct Wait {
    whom: usize,
    still: Still,
}

impl Graph {
    pub(super) fn know(&mut self, actor: usize, name: Arc<str>) {
        self.names.insert(actor, name);
    }

    /// The actor is no more. Whoever waits for it will be told, and lets go.
    pub(super) fn forget(&mut self, actor: usize) {
        self.names.remove(&actor);
    }

    /// `who` is about to wait for `whom`.
    ///
    /// # Errors
    ///
    /// The circle that this would close, beginning with `who`.
    pub(super) fn begin(&mut self, who: usize, whom: usize, still: Still) -> Result<(), Vec<Arc<str>>> {
        match self.way(whom, who) {
            Some(way) => Err(std::iter::once(who).chain(way).map(|actor| self.name(actor)).collect()),
            None => {
                self.waits.entry(who).or_default().push(Wait { whom, still });
                Ok(())
            }
        }
    }

    pub(super) fn end(&mut self, who: usize, whom: usize) {
        let Some(waits) = self.waits.get_mut(&who) else { return };
        if let Some(place) = waits.iter().position(|wait| wait.whom == whom) {
            waits.swap_remove(place);
        }
        if waits.is_empty() {
            self.waits.remove(&who);
        }
    }

    /// Over whom `from` waits for `to`: the shortest way, without `to` itself.
    fn way(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut came_from = HashMap::from([(from, from)]);
        let mut wave = vec![from];
        while !wave.is_empty() {
            let mut next = Vec::new();
            for actor in wave {
                if actor == to {
                    return Some(way_back(&came_from, from, to));
                }
                for wait in self.waits.get(&actor).into_iter().flatten().filter(|wait| (wait.still)()) {
                    came_from.entry(wait.whom).or_insert_with(|| {
                        next.push(wait.whom);
                        actor
                    });
                }
            }
            wave = next;
        }
        None
    }

    fn name(&self, actor: usize) -> Arc<str> {
        self.names.get(&actor).cloned().unwrap_or_else(|| "an actor that has ended".into())
    }
}

/// The way from `from` to just before `to`.
fn way_back(came_from: &HashMap<usize, usize>, from: usize, to: usize) -> Vec<usize> {
    let mut way = Vec::new();
    let mut at = to;
    while at != from {
        at = came_from[&at];
        way.push(at);
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Actors 1, 2, 3 … named a, b, c …
    fn graph(waits: &[(usize, usize)]) -> Graph {
        let mut graph = Graph::default();
        for (actor, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
            graph.know(actor + 1, name.into());
        }
        for (who, whom) in waits {
            graph.begin(*who, *whom, still()).unwrap();
        }
        graph
    }

    fn still() -> Still {
        Box::new(|| true)
    }

    #[track_caller]
    fn refused(graph: &mut Graph, who: usize, whom: usize) -> String {
        graph.begin(who, whom, still()).unwrap_err().join(" ")
    }

    #[test]
    fn one_that_waits_for_itself_is_a_circle() {
        assert_eq!(refused(&mut graph(&[]), 1, 1), "a");
    }

    #[test]
    fn a_circle_is_named_in_order_beginning_with_the_one_that_closes_it() {
        let mut graph = graph(&[(1, 2), (2, 3)]);
        assert_eq!(refused(&mut graph, 3, 1), "c a b");
    }

    #[test]
    fn a_refused_wait_leaves_nothing_behind() {
        let mut graph = graph(&[(1, 2)]);
        assert_eq!(refused(&mut graph, 2, 1), "b a");
        graph.end(1, 2);
        graph.begin(2, 1, still()).unwrap();
    }

    #[test]
    fn a_diamond_is_no_circle() {
        let mut graph = graph(&[(1, 2), (1, 3), (2, 4), (3, 4)]);
        assert_eq!(refused(&mut graph, 4, 1).len(), "d a b".len());
    }

    #[test]
    fn two_waits_for_the_same_end_one_by_one() {
        let mut graph = graph(&[(1, 2), (1, 2)]);
        graph.end(1, 2);
        assert_eq!(refused(&mut graph, 2, 1), "b a");
        graph.end(1, 2);
        graph.begin(2, 1, still()).unwrap();
    }

    #[test]
    fn one_that_waits_no_more_closes_no_circle_though_it_has_not_said_so() {
        let mut graph = graph(&[]);
        graph.begin(1, 2, Box::new(|| false)).unwrap();
        graph.begin(2, 1, still()).unwrap();
    }

    #[test]
    fn the_shortest_circle_is_named() {
        let mut graph = graph(&[(1, 2), (2, 3), (3, 4), (1, 4)]);
        assert_eq!(refused(&mut graph, 4, 1), "d a");
    }

    #[test]
    fn one_that_is_forgotten_is_told_of_without_its_name() {
        let mut graph = graph(&[(1, 2)]);
        graph.forget(1);
        assert_eq!(refused(&mut graph, 2, 1), "b an actor that has ended");
    }
}
