//! A snapshot as text, as Graphviz and as Mermaid. Names are the users' and may hold anything.

use super::snapshot::{ChildSnapshot, SupervisorSnapshot};
use crate::machine::SlotState;
use std::fmt::{self, Write};

impl SupervisorSnapshot {
    /// The tree in Graphviz' language: one node for each supervisor and child, names escaped.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut drawing = String::from("digraph supervision {\n  node [shape=box];\n");
        self.draw(&mut |node| {
            let label = in_dot(&node.label);
            let style = if node.is_supervisor { "" } else { ", style=rounded" };
            let _ = writeln!(drawing, "  n{} [label=\"{label}\"{style}];", node.number);
            if let Some(parent) = node.parent {
                let _ = writeln!(drawing, "  n{parent} -> n{};", node.number);
            }
        });
        drawing + "}\n"
    }

    /// The tree as a Mermaid flowchart: one node for each supervisor and child, names escaped.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut drawing = String::from("flowchart TD\n");
        self.draw(&mut |node| {
            let label = in_mermaid(&node.label);
            let (open, close) = if node.is_supervisor { ("[", "]") } else { ("(", ")") };
            let _ = writeln!(drawing, "  n{}{open}\"{label}\"{close}", node.number);
            if let Some(parent) = node.parent {
                let _ = writeln!(drawing, "  n{parent} --> n{}", node.number);
            }
        });
        drawing
    }

    fn draw(&self, each: &mut impl FnMut(Node)) {
        let label = format!("{}\n{}", self.name, counted(self.restarts));
        each(Node { number: 0, parent: None, is_supervisor: true, label });
        self.draw_children(0, &mut 0, each);
    }

    fn draw_children(&self, parent: usize, last: &mut usize, each: &mut impl FnMut(Node)) {
        for child in &self.children {
            *last += 1;
            let number = *last;
            let label = format!("{}\n{child}", child.id);
            each(Node { number, parent: Some(parent), is_supervisor: child.supervisor.is_some(), label });
            if let Some(inside) = &child.supervisor {
                inside.draw_children(number, last, each);
            }
        }
    }

    /// Writes the children, each line behind what is drawn of those around.
    fn write_children(&self, f: &mut fmt::Formatter<'_>, around: &str) -> fmt::Result {
        let width = self.children.iter().map(|child| in_line(&child.id).chars().count()).max().unwrap_or(0);
        for (at, child) in self.children.iter().enumerate() {
            let is_last = at + 1 == self.children.len();
            let (branch, below) = if is_last { ("└─", "   ") } else { ("├─", "│  ") };
            write!(f, "\n{around}{branch} {:width$}  {child}", in_line(&child.id))?;
            if let Some(inside) = &child.supervisor {
                inside.write_children(f, &format!("{around}{below}"))?;
            }
        }
        Ok(())
    }
}

/// What a drawing shows of a supervisor or child; the first line of the label is its name.
struct Node {
    number: usize,
    parent: Option<usize>,
    is_supervisor: bool,
    label: String,
}

impl fmt::Display for SupervisorSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", in_line(&self.name), counted(self.restarts))?;
        self.write_children(f, "")
    }
}

impl fmt::Display for ChildSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", word(self.state), counted(self.restarts))?;
        if let Some(end) = self.last_end {
            write!(f, ", last {end}")?;
        }
        match self.mailbox {
            None | Some(0) => Ok(()),
            Some(waiting) => write!(f, ", {waiting} queued"),
        }
    }
}

/// A state in a word or two.
pub(super) fn word(state: SlotState) -> &'static str {
    match state {
        SlotState::Down => "down",
        SlotState::Starting { .. } => "starting",
        SlotState::Running { .. } => "running",
        SlotState::Draining { .. } => "draining",
        SlotState::Stopping { .. } => "stopping",
        SlotState::Waiting { .. } => "waiting to restart",
        SlotState::Stuck { .. } => "stuck",
    }
}

fn counted(restarts: u64) -> String {
    match restarts {
        0 => "no restarts".to_owned(),
        1 => "1 restart".to_owned(),
        many => format!("{many} restarts"),
    }
}

/// A name that stays in its line, whatever it holds.
fn in_line(name: &str) -> String {
    if name.chars().any(char::is_control) { name.escape_debug().to_string() } else { name.to_owned() }
}

fn in_dot(label: &str) -> String {
    let mut escaped = String::new();
    for character in label.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// In Mermaid's own entities, for it knows no backslash.
fn in_mermaid(label: &str) -> String {
    let mut escaped = String::new();
    for character in label.chars() {
        match character {
            '\n' => escaped.push_str("<br>"),
            '"' | '#' | '<' | '>' | '&' | ';' | '`' | '\\' => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
