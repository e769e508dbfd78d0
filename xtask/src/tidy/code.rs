//! Rust without its comments and literals, so that a law does not trip over what is only said.

/// The text with comments and literals blanked out; every line stays where it is.
pub(crate) fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let said = said_length(rest, code.chars().next_back());
        let (head, tail) = rest.split_at(said.unwrap_or(next.len_utf8()));
        match said {
            Some(_) => code.extend(head.chars().map(|char| if char == '\n' { '\n' } else { ' ' })),
            None => code.push(next),
        }
        rest = tail;
    }
    code
}

/// Whether a char can be part of a name.
pub(crate) fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// The words of a line of code.
pub(crate) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|char| !is_word(char)).filter(|word| !word.is_empty())
}

/// The length of the comment or literal that begins here.
fn said_length(rest: &str, previous: Option<char>) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if !previous.is_some_and(is_word)
        && let Some(length) = raw_string(rest)
    {
        return Some(length);
    }
    match rest.as_bytes()[0] {
        b'"' => Some(quoted(rest, b'"')),
        b'\'' if is_char(rest) => Some(quoted(rest, b'\'')),
        _ => None,
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let opened = rest.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let hashes = opened.len() - opened.trim_start_matches('#').len();
    let inside = opened[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = rest.len() - inside.len();
    Some(inside.find(&end).map_or(rest.len(), |at| begin + at + end.len()))
}

fn quoted(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// A char literal, and not a lifetime or a label.
fn is_char(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    let first = chars.next();
    first == Some('\\') || chars.next() == Some('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blanked_and_lines_stay() {
        assert_eq!(code_only("a // b\nc /* d /* e */\nf */ g"), "a     \nc             \n     g");
    }

    #[test]
    fn literals_are_blanked() {
        assert_eq!(code_only(r#"f("a\"b", 'c', '\'')"#), "f(      ,    ,     )");
        assert_eq!(code_only("f(r#\"a\"b\"#, br\"c\") g"), "f(        ,      ) g");
    }

    #[test]
    fn lifetimes_and_names_are_code() {
        assert_eq!(code_only("fn for_r<'a>(x: &'a str) {}"), "fn for_r<'a>(x: &'a str) {}");
    }

    #[test]
    fn text_that_breaks_off_inside_a_literal_is_blanked_to_its_end() {
        assert_eq!(code_only("a \"b"), "a   ");
        assert_eq!(code_only("a \"b\\"), "a    ");
        assert_eq!(code_only("a /* b"), "a     ");
    }
}
