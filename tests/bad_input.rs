//! Each kind of bad scenario (`tests/bad_input/`) and its message.

use torus_sim::scenario::Source;

mod bad_cases;
mod toy;

#[test]
fn every_bad_input_has_its_message() {
    bad_cases::check("bad_input", 45, toy::load_toy);
}

#[test]
fn colours_are_only_added_when_asked_for() {
    let source = Source::from_text("x.toml", "name = 3");
    let error = toy::load_toy(source, &[]).expect_err("a number is no name");
    assert!(error.render(true).contains("\u{1b}["));
    assert!(!error.render(false).contains("\u{1b}["));
}
