//! The documentation names files that exist: every relative link of every page, with its heading, and every
//! path of docs/architecture.md.

use std::path::{Path, PathBuf};
use std::{fs, iter};

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// Every page of the repository: those of the root, and all in `docs`, `models` and the crates.
fn pages() -> Vec<PathBuf> {
    let (mut folders, mut pages) = (vec![root().to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let is_ours = || path.ends_with("docs") || path.ends_with("models");
            if path.is_dir() {
                // The root also has build output, and what a user puts there.
                if folder != root() || is_ours() || path.join("Cargo.toml").exists() {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// Whether a page has a heading with GitHub's name `anchor`: in lower case, spaces as hyphens, without
/// punctuation.
fn has_anchor(page: &Path, anchor: &str) -> bool {
    let kept = |c: &char| c.is_alphanumeric() || "-_".contains(*c);
    let name = |heading: &str| -> String {
        heading.trim().to_lowercase().replace(' ', "-").chars().filter(kept).collect()
    };
    let text = fs::read_to_string(page).unwrap();
    // Every second part is between fences, where `#` begins a comment.
    let lines = text.split("```").step_by(2).flat_map(str::lines);
    let mut headings = lines.filter(|line| line.starts_with('#'));
    headings.any(|line| name(line.trim_start_matches('#')) == anchor)
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
fn relative_links_lead_to_files_and_headings() {
    let (mut links, mut broken) = (0, Vec::new());
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in between(&text, "](", ')').filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                _ => page.parent().unwrap().join(path),
            };
            links += 1;
            if !target.exists() || !anchor.is_empty() && !has_anchor(&target, anchor) {
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
    let is_path =
        |word: &&str| word.split_once('/').is_some_and(|(folder, _)| root().join(folder).is_dir());
    let paths: Vec<&str> = quoted.chain(listed).filter(is_path).collect();
    let missing: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(paths.len() > 60, "only {} paths were found", paths.len());
    assert!(missing.is_empty(), "{missing:?}");
}
