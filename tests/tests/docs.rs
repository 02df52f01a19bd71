//! The documentation names files that exist: every relative link of every page, and every path of
//! docs/architecture.md.

use std::path::{Path, PathBuf};
use std::{fs, iter};

/// Folders whose pages are read, from the workspace's root; the root's own pages too.
const FOLDERS: [&str; 16] = [
    "",
    "boards",
    "dcgan",
    "dcgan/recipes",
    "docs",
    "emulator",
    "export",
    "firmware",
    "gen-core",
    "host-sim",
    "models",
    "output",
    "reference",
    "setup",
    "tests",
    "xtask",
];

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

fn pages() -> Vec<PathBuf> {
    let inside = FOLDERS.iter().flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let pages = inside.map(|entry| entry.unwrap().path());
    pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// What stands between `begin` and `end` in `text`, each time.
fn between<'t>(text: &'t str, begin: &'t str, end: char) -> impl Iterator<Item = &'t str> {
    let mut rest = text;
    iter::from_fn(move || {
        let (_, after) = rest.split_once(begin)?;
        let (inside, after) = after.split_once(end)?;
        rest = after;
        Some(inside)
    })
}

#[test]
fn relative_links_lead_to_files() {
    let (mut links, mut broken) = (0, Vec::new());
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in between(&text, "](", ')').filter(|link| !link.contains("://")) {
            let path = link.split('#').next().unwrap_or_default();
            links += 1;
            if !page.parent().unwrap().join(path).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(links > 100, "only {links} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_map_of_the_code_names_files_that_exist() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    // Paths in the table are in backquotes, those in the diagram stand at the ends of lines.
    let quoted = between(&text, "`", '`');
    let listed = text.lines().filter(|line| line.starts_with("    "));
    let listed = listed.flat_map(|line| line.split([' ', ',']));
    let is_path = |word: &&str| {
        let crates = FOLDERS.iter().filter(|folder| !folder.is_empty());
        let mut inside = crates.map(|folder| word.strip_prefix(folder));
        inside.any(|rest| rest.is_some_and(|rest| rest.starts_with('/')))
    };
    let paths: Vec<&str> = quoted.chain(listed).filter(is_path).collect();
    let missing: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(paths.len() > 60, "only {} paths were found", paths.len());
    assert!(missing.is_empty(), "{missing:?}");
}
