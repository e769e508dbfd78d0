//! The checked-in lists of models, `primitives/models/*.txt`.
//!
//! A line is `model <path of the test>`, or `twin <fault> <path of the test>`; `#` begins a comment.
//! The lists stand beside the sources so that a model cannot vanish unseen.

use std::path::Path;

/// What must be explored, and what must fail.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct List {
    pub(crate) models: Vec<String>,
    pub(crate) twins: Vec<Twin>,
}

/// A model with a planted fault, by the fault's name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Twin {
    pub(crate) fault: String,
    pub(crate) model: String,
}

impl List {
    /// All lists of a folder as one; a folder without a model is refused.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let mut list = Self::default();
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
            let shown = path.display();
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{shown}: {error}"))?;
            list.add(&text).map_err(|why| format!("{shown}:{why}"))?;
        }
        if list.models.is_empty() {
            return Err(format!("no model is listed in {}", folder.join("*.txt").display()));
        }
        Ok(list)
    }

    /// Adds the lines of one text; the error begins with the number of the line it refuses.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
            match words[..] {
                [] => {}
                ["model", model] if self.models.iter().any(|known| known == model) => {
                    return Err(format!("{}: `{model}` is listed twice", index + 1));
                }
                ["model", model] => self.models.push(model.to_owned()),
                ["twin", fault, model] => {
                    self.twins.push(Twin { fault: fault.to_owned(), model: model.to_owned() });
                }
                _ => return Err(format!("{}: `{line}` is neither `model …` nor `twin …`", index + 1)),
            }
        }
        Ok(())
    }

    /// Fails when list and binary differ, naming every difference.
    pub(crate) fn must_match(&self, present: &[String]) -> Result<(), String> {
        let listed = self.models.iter().filter(|model| !present.contains(model));
        let missing = listed.map(|model| format!("model `{model}` is listed but does not exist"));
        let present = present.iter().filter(|model| !self.models.contains(model));
        let unlisted = present.map(|model| format!("model `{model}` exists but is not listed"));
        let twins = self.twins.iter().filter(|twin| !self.models.contains(&twin.model));
        let strangers =
            twins.map(|twin| format!("twin `{}` is of `{}`, not a listed model", twin.fault, twin.model));
        let differences: Vec<String> = missing.chain(unlisted).chain(strangers).collect();
        if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
    }

    /// The models whose path, and the twins whose path or fault, contains the filter.
    pub(crate) fn filtered(mut self, filter: Option<&str>) -> Self {
        let Some(filter) = filter else { return self };
        self.models.retain(|model| model.contains(filter));
        self.twins.retain(|twin| twin.model.contains(filter) || twin.fault.contains(filter));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> List {
        let mut list = List::default();
        list.add(text).unwrap();
        list
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn models_and_twins_are_read_and_comments_are_not() {
        let list =
            list("# races of the stream\nmodel a::models::b # two threads\n\ntwin late a::models::b\n");
        assert_eq!(list.models, ["a::models::b"]);
        assert_eq!(list.twins, [Twin { fault: "late".to_owned(), model: "a::models::b".to_owned() }]);
    }

    #[test]
    fn a_line_that_is_neither_is_refused_with_its_number() {
        let refused = List::default().add("model a\nmodle b\n");
        assert_eq!(refused, Err("2: `modle b` is neither `model …` nor `twin …`".to_owned()));
    }

    #[test]
    fn a_model_listed_twice_is_refused() {
        assert_eq!(List::default().add("model a\nmodel a\n"), Err("2: `a` is listed twice".to_owned()));
    }

    #[test]
    fn a_folder_without_models_is_refused() {
        let refused = List::read(Path::new("no/such/folder"));
        assert_eq!(refused, Err("no model is listed in no/such/folder/*.txt".to_owned()));
    }

    #[test]
    fn a_listed_model_that_does_not_exist_is_a_difference() {
        let missing = list("model a\nmodel b\n").must_match(&names(&["a"]));
        assert_eq!(missing, Err("model `b` is listed but does not exist".to_owned()));
    }

    #[test]
    fn a_model_that_is_not_listed_is_a_difference() {
        let unlisted = list("model a\n").must_match(&names(&["a", "b"]));
        assert_eq!(unlisted, Err("model `b` exists but is not listed".to_owned()));
    }

    #[test]
    fn a_twin_of_an_unlisted_model_is_a_difference() {
        let stranger = list("model a\ntwin late b\n").must_match(&names(&["a"]));
        assert_eq!(stranger, Err("twin `late` is of `b`, not a listed model".to_owned()));
    }

    #[test]
    fn a_filter_keeps_twins_by_fault_too() {
        let filtered = list("model a\nmodel b\ntwin late b\n").filtered(Some("late"));
        assert_eq!(filtered, list("twin late b\n"));
    }
}
