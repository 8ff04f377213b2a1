//! Where the root lies in its git repository: other programs name files from that one's top.

use std::path::Path;

/// The root's folder, with forward slashes and one at its end; empty where the root is the top, or where
/// there is no repository.
pub(crate) fn within(root: &Path) -> String {
    let Ok(root) = root.canonicalize() else { return String::new() };
    let Some(top) = root.ancestors().find(|folder| folder.join(".git").exists()) else {
        return String::new();
    };
    let below = root.strip_prefix(top).into_iter().flat_map(Path::components);
    below.map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_root_is_named_from_the_top_of_its_repository() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("soc/sentinel");
        fs::create_dir_all(&root).unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(within(&root), "soc/sentinel/");
        assert_eq!(within(folder.path()), "");
    }
}
