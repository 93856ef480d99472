//! The dependency fence: what a package must never come to depend on, not even through others.

use crate::error::Error;
use crate::run::{cargo, output};

/// A package and the ones that must stay out of it.
struct Fence {
    package: &'static str,
    forbidden: &'static [&'static str],
}

/// The same in every place where a package must not know the ones that use it.
const FENCES: [Fence; 5] = [
    // Builds for the browser: no runtime, no server, no PostgreSQL.
    Fence {
        package: "sync-core",
        forbidden: &[
            "tokio",
            "actix-web",
            "actix-rt",
            "diesel",
            "diesel-async",
            "server",
            "private-postgres",
        ],
    },
    Fence {
        package: "tablet-core",
        forbidden: &["tokio", "actix-web", "diesel", "server", "device", "private-postgres"],
    },
    Fence { package: "device", forbidden: &["actix-web", "diesel", "server", "private-postgres", "tests"] },
    Fence { package: "server", forbidden: &["device", "tests", "xtask"] },
    // Must compile in seconds on a bare machine.
    Fence { package: "xtask", forbidden: &["tokio", "actix-web", "diesel", "server", "sync-core"] },
];

/// Checks every fence, with all features on.
///
/// # Errors
/// [`Error::Fence`].
pub fn check() -> Result<(), Error> {
    FENCES.iter().try_for_each(|fence| {
        let tree = output(
            cargo("tree")
                .args(["--package", fence.package, "--all-features", "--edges", "normal"])
                .args(["--prefix", "none", "--format", "{p}"]),
            "",
        )?;
        let found = trespassers(&tree, fence.forbidden);
        if found.is_empty() { Ok(()) } else { Err(Error::Fence { package: fence.package, found }) }
    })
}

/// The forbidden packages in a list of `name version …` lines, each once.
fn trespassers(tree: &str, forbidden: &[&str]) -> Vec<String> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let found: std::collections::BTreeSet<_> = names.filter(|name| forbidden.contains(name)).collect();
    found.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::trespassers;

    #[test]
    fn a_forbidden_package_is_found_however_deep_and_only_by_its_whole_name() {
        let tree = "sync-core v0.1.0 (/lantian/sync-core)\ndiesel-derive-newtype v2.1.2\nserde v1.0\ntokio v1.0\n\
                    tokio v1.0 (*)\n";
        assert_eq!(trespassers(tree, &["tokio", "diesel"]), ["tokio"]);
        assert!(trespassers(tree, &["actix-web"]).is_empty());
    }
}
