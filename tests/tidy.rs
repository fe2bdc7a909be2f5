//! Keeps the tree clean: which folder uses which, where randomness comes from, how files begin, how long and wide they
//! are, dead files, and what the documents name.
//!
//! Every check gathers all that is wrong and says what and where.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of `src/` by floor, from the lowest; `ARCHITECTURE.md` says why. A folder uses what stands on lower floors,
/// and itself. A folder within a folder can have a floor of its own.
const FLOORS: &[&[&str]] = &[
    &["engine"],
    &["node", "scenario"],
    &["overlay", "kinds", "network", "churn", "workload", "observe"],
    &["protocols"],
    &["simulation"],
    &["experiment", "output", "sweep", "swarm", "report", "validation"],
    &["cli", "main.rs", "lib.rs"],
];

/// What a folder may use on its own floor.
const SIDEWAYS: &[(&str, &str)] = &[
    ("scenario", "node"),
    ("network", "kinds"),
    ("churn", "kinds"),
    ("sweep", "output"),
    ("report", "output"),
    ("validation", "output"),
    ("validation", "sweep"),
];

/// The one file that names protocols, beside their own.
const LIST_OF_PROTOCOLS: &str = "src/simulation/protocols.rs";

/// Streams of random numbers, and the one file that opens each.
const STREAMS: &[(&str, &str)] = &[
    ("Churn", "src/churn/process.rs"),
    ("Identifiers", "src/node/identifier.rs"),
    ("Kinds", "src/kinds/mod.rs"),
    ("Load", "src/simulation/load.rs"),
    ("Model", "src/validation/geometry.rs"),
    ("Model", "src/validation/lengths.rs"),
    ("Model", "src/validation/pointers.rs"),
    ("Network", "src/network/mod.rs"),
    ("Protocol", "src/simulation/world.rs"),
    ("Swarm", "src/swarm/generator.rs"),
    ("Workload", "src/workload/mod.rs"),
];

/// The most lines of a file in `src/`. To be lowered when the longest one has become shorter.
const LONGEST_SOURCE: usize = 685;
/// The most lines of any other.
const LONGEST_FILE: usize = 700;
const WIDEST_LINE: usize = 120;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A text file of the project.
struct File {
    /// Path from the root, with slashes.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().zip(1..).map(|(line, number)| (number, line))
    }

    /// Lines of Rust without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().map(|(number, line)| (number, line.split("//").next().unwrap_or_default()))
    }

    /// The code that is not for tests.
    fn program(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.path.ends_with("tests.rs") || self.path.contains("/tests/");
        let tests = self.lines().find(|(_, line)| line.starts_with("mod tests {")).map_or(usize::MAX, |(at, _)| at);
        self.code().filter(move |(number, _)| !is_test && *number < tests)
    }
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let skipped = ["target", "results", "bad_input", ".git", "__pycache__"].contains(&name.as_str());
        if path.is_dir() && !skipped {
            files_below(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}

/// All text files but results, and inputs that are wrong on purpose.
fn files() -> Vec<File> {
    let mut paths = Vec::new();
    files_below(&root(), &mut paths);
    let known = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        ["rs", "md", "toml", "py", "sh", "yml", "yaml"].contains(&extension.as_str()) || path.ends_with(".ci/run")
    };
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let path = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
        File { path, text }
    };
    paths.into_iter().filter(known).map(read).collect()
}

fn sources() -> Vec<File> {
    files().into_iter().filter(|file| file.is_rust() && file.path.starts_with("src/")).collect()
}

/// Panics with all that is wrong.
fn report(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n{}\n", wrong.join("\n"));
}

/// The identifiers at the beginning of a path such as `engine::time::{Time}`.
fn segments(path: &str) -> Vec<&str> {
    let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(path.len());
    path[..end].split("::").filter(|segment| !segment.is_empty()).collect()
}

/// The folder with a floor that a path of modules, or of a file, leads to.
fn folder_of(segments: &[&str]) -> String {
    match segments {
        ["protocols", inner, ..] if root().join("src/protocols").join(inner).is_dir() => format!("protocols/{inner}"),
        [first, ..] => (*first).to_owned(),
        [] => String::new(),
    }
}

/// Whether a path of one segment names a macro.
fn is_macro(path: &str) -> bool {
    path.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').starts_with('!')
}

fn floor_of(folder: &str) -> Option<usize> {
    let name = if folder.starts_with("protocols/") { "protocols" } else { folder };
    FLOORS.iter().position(|floor| floor.contains(&name))
}

fn may_use(from: &str, to: &str) -> bool {
    let (Some(above), Some(below)) = (floor_of(from), floor_of(to)) else { return false };
    from == to || below < above || SIDEWAYS.contains(&(from, to))
}

#[test]
fn folders_use_only_what_stands_below_them() {
    let mut wrong = Vec::new();
    for file in sources() {
        let parts: Vec<&str> = file.path.trim_start_matches("src/").split('/').collect();
        let from = folder_of(&parts);
        if floor_of(&from).is_none() {
            wrong.push(format!("{}: `{from}` has no floor: add it to FLOORS and to ARCHITECTURE.md", file.path));
        }
        for (number, line) in file.code() {
            for (at, _) in line.match_indices("crate::") {
                // A macro stands at the top of the crate, wherever it is written.
                if is_macro(&line[at + "crate::".len()..]) {
                    continue;
                }
                let to = folder_of(&segments(&line[at + "crate::".len()..]));
                if !may_use(&from, &to) {
                    wrong.push(format!("{}:{number}: `{from}` must not use `{to}`: {}", file.path, line.trim()));
                }
                if to.starts_with("protocols/") && to != from && file.path != LIST_OF_PROTOCOLS {
                    wrong.push(format!(
                        "{}:{number}: only {LIST_OF_PROTOCOLS} names protocols: {}",
                        file.path,
                        line.trim()
                    ));
                }
            }
            // The other way out of a folder: `super` from its top.
            for (at, _) in line.match_indices("super::") {
                let path = segments(&line[at..]);
                let to = folder_of(&path.iter().copied().filter(|segment| *segment != "super").collect::<Vec<_>>());
                let sibling = root()
                    .join(&file.path)
                    .parent()
                    .is_some_and(|folder| folder.join(format!("{to}.rs")).is_file() || folder.join(&to).is_dir());
                let leaves = floor_of(&to).is_some() && to != from && !sibling;
                let neighbour = from.starts_with("protocols/") && root().join("src/protocols").join(&to).is_dir();
                if !to.is_empty() && (leaves || neighbour) {
                    wrong.push(format!("{}:{number}: say `crate::{to}`: {}", file.path, line.trim()));
                }
            }
        }
    }
    report("folders that use what they must not", &wrong);
}

#[test]
fn the_table_of_floors_is_the_one_in_the_document() {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let rows = FLOORS.iter().zip(1..).flat_map(|(floor, number)| floor.iter().map(move |folder| (number, *folder)));
    let missing = rows.filter(|(number, folder)| {
        let place = if folder.ends_with(".rs") { format!("`src/{folder}`") } else { format!("`src/{folder}/`") };
        !document.lines().any(|line| line.starts_with(&format!("| {number} |")) && line.contains(&place))
    });
    let wrong: Vec<String> = missing.map(|(number, folder)| format!("floor {number}: {folder}")).collect();
    report("ARCHITECTURE.md does not have", &wrong);
}

#[test]
fn each_stream_of_random_numbers_is_opened_in_one_place() {
    let mut opened = BTreeSet::new();
    for file in sources() {
        for (_, line) in file.program() {
            for (at, pattern) in line.match_indices(".stream(") {
                let purpose = segments(&line[at + pattern.len()..]).last().copied().unwrap_or("?").to_owned();
                opened.insert((purpose, file.path.clone()));
            }
            assert!(!line.contains("from_seed") || file.path == "src/engine/random.rs", "{}: {line}", file.path);
        }
    }
    let expected = STREAMS.iter().map(|(purpose, path)| ((*purpose).to_owned(), (*path).to_owned()));
    assert_eq!(opened, expected.collect());
}

#[test]
fn the_lower_floors_do_no_input_or_output() {
    let mut wrong = Vec::new();
    for file in sources() {
        let reads = ["src/scenario/source.rs"].contains(&file.path.as_str());
        let upper = ["src/output/", "src/sweep/", "src/swarm/", "src/report/", "src/validation/", "src/cli/"]
            .iter()
            .any(|folder| file.path.starts_with(folder));
        for (number, line) in file.program().filter(|_| !reads && !upper) {
            for banned in ["std::fs", "std::net", "std::process", "std::env", "io::stdout", "io::stderr", "io::stdin"] {
                if line.contains(banned) && file.path != "src/main.rs" {
                    wrong.push(format!("{}:{number}: {banned}", file.path));
                }
            }
        }
    }
    report("input and output below src/output/", &wrong);
}

#[test]
fn who_only_reads_looks_on_or_writes_draws_no_random_numbers() {
    let mut wrong = Vec::new();
    for file in sources() {
        let folders = ["scenario", "observe", "output", "sweep", "report", "validation", "cli"];
        if folders.iter().any(|folder| file.path.starts_with(&format!("src/{folder}/"))) {
            let named = file.program().filter(|(_, line)| line.contains("rand::") || line.contains("rand_chacha"));
            wrong.extend(named.map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim())));
        }
    }
    report("random numbers where none belong", &wrong);
}

#[test]
fn only_sweeps_swarms_and_validation_use_threads() {
    const THREADED: [&str; 3] = ["src/sweep/", "src/swarm/", "src/validation/"];
    let threaded = |file: &File| THREADED.iter().any(|folder| file.path.starts_with(folder));
    let files = sources().into_iter().filter(|file| !threaded(file));
    let named = |file: &File| file.program().find(|(_, line)| line.contains("rayon")).map(|(number, _)| number);
    let wrong: Vec<String> =
        files.filter_map(|file| named(&file).map(|number| format!("{}:{number}", file.path))).collect();
    report("threads outside of src/sweep/, src/swarm/ and src/validation/", &wrong);
}

#[test]
fn files_begin_with_what_they_are_for_and_are_not_too_long() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        if !file.text.starts_with("//! ") {
            wrong.push(format!("{}: does not begin with //!", file.path));
        }
        let lines = file.text.lines().count();
        let longest = if file.path.starts_with("src/") { LONGEST_SOURCE } else { LONGEST_FILE };
        if lines > longest {
            wrong.push(format!("{}: {lines} lines, more than {longest}", file.path));
        }
    }
    report("files", &wrong);
}

#[test]
fn lines_are_clean() {
    // Put together so that this file does not hold them.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["X", "XX"], ["dbg", "!("]].map(|parts| parts.concat());
    let mut wrong = Vec::new();
    for file in files() {
        for (number, line) in file.lines() {
            let at = format!("{}:{number}", file.path);
            // Tables of Markdown cannot be broken.
            let width = line.chars().count();
            if width > WIDEST_LINE && !(file.path.ends_with(".md") && line.starts_with('|')) {
                wrong.push(format!("{at}: {width} characters wide, more than {WIDEST_LINE}"));
            }
            if line.ends_with([' ', '\t', '\r']) {
                wrong.push(format!("{at}: blanks at the end"));
            }
            if line.contains('\t') {
                wrong.push(format!("{at}: a tab"));
            }
            wrong.extend(marks.iter().filter(|mark| line.contains(*mark)).map(|mark| format!("{at}: {mark}")));
        }
        if !file.text.ends_with('\n') || file.text.ends_with("\n\n") {
            wrong.push(format!("{}: does not end with one line feed", file.path));
        }
    }
    report("lines", &wrong);
}

/// The files that a file's `mod name;` lines name.
fn modules_of(path: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(path)).unwrap_or_default();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let below = match name {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    };
    let names = text.lines().filter_map(|line| line.trim().strip_suffix(';')?.rsplit_once("mod "));
    let names = names.filter(|(before, _)| before.is_empty() || before.starts_with("pub"));
    let candidates = names.flat_map(|(_, name)| [format!("{below}/{name}.rs"), format!("{below}/{name}/mod.rs")]);
    let paths = text.lines().filter_map(|line| line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]"));
    candidates.chain(paths.map(|path| format!("{folder}/{path}"))).filter(|path| root().join(path).is_file()).collect()
}

#[test]
fn every_source_file_is_part_of_the_program() {
    let mut reached: BTreeSet<String> = ["src/lib.rs".to_owned(), "src/main.rs".to_owned()].into();
    let mut waiting: Vec<String> = reached.iter().cloned().collect();
    while let Some(path) = waiting.pop() {
        waiting.extend(modules_of(&path).into_iter().filter(|module| reached.insert(module.clone())));
    }
    let dead: Vec<String> =
        sources().into_iter().map(|file| file.path).filter(|path| !reached.contains(path)).collect();
    report("files that no `mod` line names", &dead);
}

#[test]
fn the_changelog_has_the_current_version() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).expect("CHANGELOG.md");
    let heading = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(changelog.lines().any(|line| line.starts_with(&heading)), "CHANGELOG.md has no line {heading}");
}

/// What stands between backticks in running text.
fn quoted(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().zip(1..).flat_map(|(line, number)| line.split('`').skip(1).step_by(2).map(move |code| (number, code)))
}

#[test]
fn the_documents_name_files_and_tests_that_exist() {
    const TOPS: [&str; 6] = ["src/", "tests/", "docs/", "examples/", "benches/", "scenarios/"];
    let mut wrong = Vec::new();
    let mut tests_named = 0;
    for file in files().iter().filter(|file| file.path.ends_with(".md")) {
        for (number, code) in quoted(&file.text).filter(|(_, code)| TOPS.iter().any(|top| code.starts_with(top))) {
            let (path, test) = code.split_once("::").map_or((code, None), |(path, test)| (path, Some(test)));
            // A pattern, or a command with arguments.
            if path.contains(['*', ' ', '<']) || path.chars().any(char::is_uppercase) {
                continue;
            }
            let at = format!("{}:{number}", file.path);
            if !root().join(path).exists() {
                wrong.push(format!("{at}: there is no {path}"));
            } else if let Some(test) = test {
                tests_named += 1;
                let text = fs::read_to_string(root().join(path)).unwrap_or_default();
                if !text.contains(&format!("fn {test}(")) {
                    wrong.push(format!("{at}: {path} has no {test}"));
                }
            }
        }
    }
    report("the documents name what is not there", &wrong);
    assert!(tests_named > 20, "only {tests_named} tests are named: has the way to name them changed?");
}
