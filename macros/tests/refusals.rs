//! What `#[actor]` refuses, compiled for real: each refusal is told in our words, at the line it is about.

#[test]
fn each_refusal_points_at_the_line_it_is_about() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
