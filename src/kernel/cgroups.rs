//! The names of control groups, which name the service or the container of a socket whose owner is not visible.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::unix::fs::{DirEntryExt, MetadataExt},
    path::{Path, PathBuf},
};

/// Where control groups (version 2) are mounted: alone, or beside version 1.
const ROOTS: [&str; 2] = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/// Groups that are looked at; a machine with more is searched in part.
const MOST: usize = 20_000;

/// Finds the names of groups by their identifiers, which are the inodes of their folders; absent ones are not visible.
pub(super) fn names(wanted: &HashSet<u64>) -> HashMap<u64, String> {
    let mut found = HashMap::new();
    let Some(root) = ROOTS.iter().map(Path::new).find(|root| root.join("cgroup.controllers").exists()) else {
        return found;
    };
    // All processes are below the root, so it names nothing.
    let own = fs::metadata(root).map(|root| root.ino()).ok();
    let wanted: HashSet<u64> = wanted.iter().copied().filter(|id| Some(*id) != own).collect();
    let mut folders = vec![root.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop().filter(|_| found.len() < wanted.len() && seen < MOST) {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                seen += 1;
                let path: PathBuf = entry.path();
                if wanted.contains(&entry.ino()) {
                    let name = path.strip_prefix(root).unwrap_or(&path);
                    found.insert(entry.ino(), format!("/{}", name.display()));
                }
                folders.push(path);
            }
        }
    }
    found
}
