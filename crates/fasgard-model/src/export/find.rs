//! Where the shared library of ONNX Runtime lies.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::RuntimeError;

/// Names the library's file, or a folder that it lies in or below.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// The shared library: `given` (the file, or a folder that has it: the wheel unpacked, its `capi`, a
/// virtual environment), else what the environment variable `ORT_DYLIB_PATH` names, else the newest
/// one of the wheel `onnxruntime` in the Python environments of `VIRTUAL_ENV`, `CONDA_PREFIX` and
/// `PATH`.
///
/// # Errors
/// There is none there; the message says where it was looked for.
pub fn find_runtime(given: Option<&Path>) -> Result<PathBuf, RuntimeError> {
    let variable = env::var_os(VARIABLE)
        .filter(|v| !v.is_empty())
        .map(PathBuf::from);
    let named = given.map(Path::to_owned).or(variable);
    if let Some(path) = named {
        return match path.is_dir() {
            // Whether a file can be used is found out when it is opened.
            false => Ok(path),
            true => within(&path).ok_or_else(|| RuntimeError::NotFound {
                searched: path.display().to_string(),
            }),
        };
    }
    let prefixes = prefixes();
    prefixes
        .iter()
        .find_map(|prefix| within(prefix))
        .ok_or_else(|| RuntimeError::NotFound {
            searched: match prefixes.is_empty() {
                true => format!("{VARIABLE}, which is not set"),
                false => format!(
                    "the Python environments below {}",
                    prefixes
                        .iter()
                        .map(|p| p.display().to_string())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            },
        })
}

/// The roots of the Python environments that this process would use.
fn prefixes() -> Vec<PathBuf> {
    let mut prefixes: Vec<PathBuf> = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter_map(|name| env::var_os(name).filter(|v| !v.is_empty()))
        .map(PathBuf::from)
        .collect();
    if let Some(home) = env::var_os("HOME") {
        prefixes.push(Path::new(&home).join(".local"));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    for folder in env::split_paths(&path) {
        let has_python = ["python3", "python", "python.exe"]
            .iter()
            .any(|name| folder.join(name).is_file());
        if has_python && let Some(prefix) = folder.parent() {
            prefixes.push(prefix.to_owned());
        }
    }
    let mut seen = std::collections::HashSet::new();
    prefixes.retain(|prefix| prefix.is_dir() && seen.insert(prefix.clone()));
    prefixes
}

/// The newest library in a folder, in the wheel's folder below it, or in the packages of the Python
/// environment below it.
fn within(folder: &Path) -> Option<PathBuf> {
    let mut folders = vec![
        folder.to_owned(),
        folder.join("capi"),
        folder.join("onnxruntime/capi"),
    ];
    let mut libraries = vec![folder.join("Lib")];
    if let Ok(entries) = folder.join("lib").read_dir() {
        let names = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let pythons = names.filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("python3")
        });
        libraries.extend(pythons);
    }
    libraries.sort();
    for library in libraries.iter().rev() {
        for packages in ["site-packages", "dist-packages"] {
            folders.push(library.join(packages).join("onnxruntime/capi"));
        }
    }
    folders.iter().find_map(|folder| {
        let entries = folder.read_dir().ok()?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths
            .filter(|path| is_library(&path.file_name().unwrap_or_default().to_string_lossy()))
            .max_by_key(|path| version(path))
    })
}

/// Whether a file has the library's name: `libonnxruntime.so.1.32.0`, `libonnxruntime.1.32.0.dylib`
/// or `onnxruntime.dll`.
fn is_library(name: &str) -> bool {
    name.starts_with("libonnxruntime.so")
        || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"))
        || name == "onnxruntime.dll"
}

/// The numbers in a file's name.
pub(super) fn version(path: &Path) -> Vec<u64> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.')
        .filter_map(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_wheel_is_found_from_every_folder_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let packages = dir.path().join("lib/python3.11/site-packages");
        let capi = packages.join("onnxruntime/capi");
        fs::create_dir_all(&capi).unwrap();
        for name in [
            "libonnxruntime.so.1.9.0",
            "libonnxruntime.so.1.32.0",
            "libonnxruntime_providers_shared.so",
            "onnxruntime_pybind11_state.so",
        ] {
            fs::write(capi.join(name), "").unwrap();
        }
        let expected = capi.join("libonnxruntime.so.1.32.0");
        for folder in [
            dir.path(),
            &packages,
            &packages.join("onnxruntime"),
            &capi,
            &expected,
        ] {
            assert_eq!(find_runtime(Some(folder)).unwrap(), expected);
        }
        let empty = dir.path().join("lib");
        let message = find_runtime(Some(&empty)).unwrap_err().to_string();
        assert!(message.contains("pip install onnxruntime"), "{message}");
        assert!(message.contains(&*empty.to_string_lossy()), "{message}");
    }

    #[test]
    fn names_of_every_system() {
        for name in [
            "libonnxruntime.so",
            "libonnxruntime.1.32.0.dylib",
            "onnxruntime.dll",
        ] {
            assert!(is_library(name), "{name}");
        }
        for name in [
            "libonnxruntime_providers_shared.so",
            "onnxruntime.py",
            "libonnxruntime.a",
        ] {
            assert!(!is_library(name), "{name}");
        }
    }
}
