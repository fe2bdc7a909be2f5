//! The patches of `scripts/mutations.sh`: each still applies to the tree, and the page names all of them and what
//! caught each. That each is caught is for the script to see, since every one needs a build.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The patches by name.
fn patches() -> BTreeMap<String, String> {
    let folder = fs::read_dir(root().join("scripts/mutations")).expect("a folder");
    let named = |path: PathBuf| {
        assert_eq!(path.extension().unwrap(), "patch", "{}", path.display());
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
    };
    folder.map(|entry| named(entry.expect("an entry").path())).collect()
}

/// A place that a patch changes.
struct Change {
    file: String,
    before: String,
    after: String,
}

/// What a patch changes, hunk by hunk.
fn changes(patch: &str) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut file = String::new();
    for line in patch.lines() {
        if let Some(path) = line.strip_prefix("+++ b/") {
            file = path.to_owned();
        } else if line.starts_with("@@ ") {
            changes.push(Change { file: file.clone(), before: String::new(), after: String::new() });
        } else if let (Some(change), false) = (changes.last_mut(), line.starts_with("--- ")) {
            let (sign, text) = line.split_at_checked(1).unwrap_or((" ", ""));
            if sign != "+" {
                change.before += &format!("{text}\n");
            }
            if sign != "-" {
                change.after += &format!("{text}\n");
            }
        }
    }
    changes
}

#[test]
fn every_patch_applies_and_changes_the_program() {
    let patches = patches();
    assert!(patches.len() >= 12, "{}", patches.len());
    for (name, patch) in patches {
        let changes = changes(&patch);
        assert!(!changes.is_empty(), "{name} changes nothing");
        for Change { file, before, after } in changes {
            let text = fs::read_to_string(root().join(&file)).unwrap_or_else(|error| panic!("{name}: {file}: {error}"));
            let program = text.split("\nmod tests {").next().unwrap();
            assert_eq!(program.matches(&before).count(), 1, "{name} does not fit {file}: there is no single\n{before}");
            assert_ne!(before, after, "{name}");
        }
    }
}

#[test]
fn every_patch_says_what_it_breaks_and_why_that_matters() {
    for (name, patch) in patches() {
        let head = patch.split("\n--- a/").next().unwrap();
        let paragraphs: Vec<&str> = head.trim().split("\n\n").collect();
        assert!(
            (2..=3).contains(&paragraphs.len()),
            "{name}: what is wrong, then why it matters, then the test if any"
        );
        assert!(!paragraphs[0].contains('\n') && paragraphs.iter().all(|text| text.ends_with('.')), "{name}: {head}");
        assert!(head.lines().all(|line| line.chars().count() <= 120), "{name}");
    }
}

/// The test that a patch says has to see it, if there is one.
fn test_of(patch: &str) -> Option<&str> {
    let head = patch.split("\n--- a/").next().unwrap();
    head.split_once("\n\nSeen by the test\n`")?.1.trim_end().strip_suffix("`.")
}

#[test]
fn the_tests_that_patches_name_are_there() {
    let patches = patches();
    let named: Vec<&str> = patches.values().filter_map(|patch| test_of(patch)).collect();
    assert!(named.len() >= 8, "{named:?}");
    for test in named {
        let (module, function) = test.rsplit_once("::").expect("a path");
        let path = root().join("src").join(module.replace("::", "/")).with_extension("rs");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.contains(&format!("#[test]\nfn {function}()")), "{test}");
    }
}

#[test]
fn the_page_names_exactly_the_patches_and_what_caught_each() {
    let page = fs::read_to_string(Path::new(&root()).join("docs/mutations.md")).expect("docs/mutations.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "));
    let rows: BTreeMap<&str, &str> = rows.collect();
    let patches = patches();
    let (on_page, present): (Vec<&str>, Vec<&str>) =
        (rows.keys().copied().collect(), patches.keys().map(String::as_str).collect());
    assert_eq!(on_page, present, "run scripts/mutations.sh --markdown docs/mutations.md");
    for (name, row) in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let title = patches[name].lines().next().unwrap().trim_end_matches('.');
        assert_eq!((cells.len(), cells[0]), (3, title), "{name}: {row}");
        let test = test_of(&patches[name]).map(|test| format!("`cargo test --lib {test}`"));
        let is_caught = test.map_or(cells[2].starts_with("`torus-sim "), |test| cells[2] == test);
        assert!(!cells[1].is_empty() && is_caught, "{name} is caught by nothing: {row}");
    }
}
