//! Where `ffmpeg` and `ffprobe` are.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::child::Running;
use super::{VideoError, VideoLimits};

/// Readers of real containers. Playlists and lists of files (`hls`, `dash`, `concat`, `image2`) are
/// none: they make ffmpeg open other files.
const FORMATS: &str = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpegts,mpeg,mpegvideo,m4v,asf,flv,ogg,mxf,dv,ivf,h264,hevc,mjpeg";

/// The two programs, found once and used for every video; cheap to share between threads.
#[derive(Clone, Debug)]
pub struct Tools {
    pub(super) ffmpeg: PathBuf,
    pub(super) ffprobe: PathBuf,
    version: String,
    /// The option that neither repeats nor drops frames.
    pub(super) passthrough: [&'static str; 2],
}

impl Tools {
    /// Finds both programs: `FASGARD_FFMPEG`, if set, is the program `ffmpeg` (itself, not a script
    /// around it) with `ffprobe` beside it, or the folder of both; otherwise they are on `PATH`.
    ///
    /// # Errors
    /// [`VideoError::Missing`], which names the package to install, and [`VideoError::Broken`].
    pub fn find() -> Result<Self, VideoError> {
        Self::find_in(env::var_os("FASGARD_FFMPEG"), env::var_os("PATH"))
    }

    fn find_in(own: Option<OsString>, search: Option<OsString>) -> Result<Self, VideoError> {
        let own = own.filter(|own| !own.is_empty()).map(PathBuf::from);
        let (ffmpeg, ffprobe) = match own {
            Some(own) if own.is_dir() => (in_folder(&own, "ffmpeg")?, in_folder(&own, "ffprobe")?),
            Some(own) if own.is_file() => {
                let folder = own.parent().unwrap_or(Path::new(""));
                let ffprobe = in_folder(folder, "ffprobe")?;
                (own, ffprobe)
            }
            Some(own) => {
                return Err(VideoError::Missing {
                    program: "ffmpeg",
                    place: format!("at {}, where FASGARD_FFMPEG points", own.display()),
                });
            }
            None => {
                let search = search.unwrap_or_default();
                (on_path(&search, "ffmpeg")?, on_path(&search, "ffprobe")?)
            }
        };
        version(&ffprobe)?;
        let version = version(&ffmpeg)?;
        let passthrough = passthrough(&version);
        Ok(Self {
            ffmpeg,
            ffprobe,
            version,
            passthrough,
        })
    }

    /// The version of `ffmpeg` as it says it (`5.1.9-0+deb12u1`): other versions may decode damaged
    /// videos to other pictures.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Options before the input: one thread, bounded, local container files only.
pub(super) fn input_options(limits: &VideoLimits) -> Vec<OsString> {
    let mut options: Vec<OsString> = ["-hide_banner", "-v", "error"].map(Into::into).into();
    options.extend(limits.arguments().map(Into::into));
    let fixed = [
        "-threads",
        "1",
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        FORMATS,
    ];
    options.extend(fixed.map(Into::into));
    options
}

/// The path as a file, whatever it looks like (`-x.mp4`, `http:x`, `pipe:`).
pub(super) fn file_argument(path: &Path) -> OsString {
    let mut argument = OsString::from("file:");
    argument.push(path);
    argument
}

fn program(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

fn in_folder(folder: &Path, name: &'static str) -> Result<PathBuf, VideoError> {
    let path = folder.join(program(name));
    if path.is_file() {
        return Ok(path);
    }
    Err(VideoError::Missing {
        program: name,
        place: format!("in {}, where FASGARD_FFMPEG points", folder.display()),
    })
}

/// Searched by hand: some systems look into the current folder first, which may hold anything.
fn on_path(search: &OsStr, name: &'static str) -> Result<PathBuf, VideoError> {
    env::split_paths(search)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program(name)))
        .find(|path| path.is_file())
        .ok_or_else(|| VideoError::Missing {
            program: name,
            place: "on PATH".to_owned(),
        })
}

/// What `PROGRAM -version` says after `version`.
fn version(path: &Path) -> Result<String, VideoError> {
    let broken = |found: String| VideoError::Broken {
        path: path.to_owned(),
        found,
    };
    let system = |e: std::io::Error| broken(e.to_string());
    let mut command = Command::new(path);
    let (running, stdout) =
        Running::start(command.arg("-version"), Duration::from_secs(30)).map_err(system)?;
    let mut text = Vec::new();
    running
        .waiting(|| stdout.take(1 << 16).read_to_end(&mut text))
        .map_err(system)?;
    let ended = running.finish().map_err(system)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut words = text.split_whitespace();
    let version = words
        .find(|word| *word == "version")
        .and_then(|_| words.next());
    match version {
        Some(version) if ended.status.success() => Ok(version.to_owned()),
        _ => Err(broken(format!(
            "{}: {}",
            ended.status,
            ended.said.unwrap_or_default()
        ))),
    }
}

/// `-fps_mode` came with 5.1; the older `-vsync` goes away after it. Versions that are no numbers
/// (`N-109542-g...`, `git-2024-...`) are builds of the day.
fn passthrough(version: &str) -> [&'static str; 2] {
    let mut numbers = version
        .trim_start_matches('n')
        .split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|n| n.parse::<u32>().ok());
    match (number(), number()) {
        (Some(major), minor) if (major, minor.unwrap_or(0)) < (5, 1) => ["-vsync", "passthrough"],
        _ => ["-fps_mode", "passthrough"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_follows_the_version() {
        for old in ["4.4.2-0ubuntu0.22.04.1", "n4.3", "5.0.1", "5"] {
            assert_eq!(passthrough(old)[0], "-vsync", "{old}");
        }
        for new in [
            "5.1.9-0+deb12u1",
            "n7.1",
            "8.0",
            "N-109542-gdeadbee",
            "git-2024-01-01",
        ] {
            assert_eq!(passthrough(new)[0], "-fps_mode", "{new}");
        }
    }

    #[test]
    fn missing_programs_name_the_package() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str().to_owned();
        let cases = [
            (None, Some(path.clone())),
            (None, None),
            (Some(path), None),
            (Some(folder.path().join("none").into()), None),
        ];
        for (own, search) in cases {
            let error = Tools::find_in(own, search).unwrap_err().to_string();
            for word in [
                "ffmpeg was not found",
                "apt install ffmpeg",
                "brew",
                "winget",
                "FASGARD_FFMPEG",
            ] {
                assert!(error.contains(word), "{error}");
            }
        }
    }

    #[test]
    fn programs_that_do_not_run_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ffmpeg", "ffprobe"] {
            std::fs::write(folder.path().join(program(name)), "no program").unwrap();
        }
        let error = Tools::find_in(Some(folder.path().into()), None).unwrap_err();
        assert!(matches!(error, VideoError::Broken { .. }), "{error}");
    }

    #[test]
    fn names_are_files_and_playlists_are_not_read() {
        assert_eq!(file_argument(Path::new("-x.mp4")), "file:-x.mp4");
        assert_eq!(file_argument(Path::new("http://a/b")), "file:http://a/b");
        let formats: Vec<_> = FORMATS.split(',').collect();
        for playlist in [
            "hls",
            "applehttp",
            "concat",
            "dash",
            "image2",
            "lavfi",
            "sdp",
            "rtsp",
        ] {
            assert!(!formats.contains(&playlist));
        }
    }
}
