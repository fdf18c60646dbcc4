//! The files that are judged.

use std::path::{Path, PathBuf};

use fasgard_data::layout::{is_video, media_below};

use crate::{failure::misuse, progress::say};

/// A file to judge.
#[derive(Debug)]
pub(in crate::commands) struct Input {
    pub(in crate::commands) path: PathBuf,
    /// Its place below the overlay folder, without an extension.
    pub(in crate::commands) place: PathBuf,
    pub(in crate::commands) video: bool,
}

/// Every image and video of `given`: files as they are, folders with everything below them.
pub(in crate::commands) fn collect(given: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in given {
        if !path.is_dir() {
            // Whether it can be read is the file's own answer, not the end of the run.
            let place = path
                .file_name()
                .map_or_else(|| "input".into(), PathBuf::from);
            inputs.push(input(path.clone(), &place));
            continue;
        }
        let (media, notes) = media_below(path).map_err(misuse)?;
        notes.iter().for_each(|note| say(&format!("note: {note}")));
        if media.is_empty() {
            return Err(misuse(format!(
                "{}: expected images or videos in it, found none",
                path.display()
            )));
        }
        inputs.extend(
            media
                .iter()
                .map(|name| input(path.join(name), Path::new(name))),
        );
    }
    Ok(inputs)
}

fn input(path: PathBuf, place: &Path) -> Input {
    Input {
        video: is_video(&path.to_string_lossy()),
        place: place.with_extension(""),
        path,
    }
}

/// Gives every input a place of its own: `a.jpg` and `a.png` share a name without extension.
pub(in crate::commands) fn distinct_places(inputs: &mut [Input]) {
    let mut taken = std::collections::HashSet::new();
    for input in inputs {
        let mut place = input.place.clone();
        let mut number = 2;
        while !taken.insert(place.clone()) {
            let mut name = input.place.clone().into_os_string();
            name.push(format!("-{number}"));
            place = name.into();
            number += 1;
        }
        input.place = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_get_places_of_their_own() {
        let paths = ["x/a.jpg", "y/a.png", "a.webp", "b.mp4"];
        let mut inputs: Vec<Input> = paths
            .iter()
            .map(|p| input(p.into(), Path::new(Path::new(p).file_name().unwrap())))
            .collect();
        distinct_places(&mut inputs);
        let places: Vec<&str> = inputs.iter().map(|i| i.place.to_str().unwrap()).collect();
        assert_eq!(places, ["a", "a-2", "a-3", "b"]);
        assert!(inputs[3].video && !inputs[0].video);
    }
}
