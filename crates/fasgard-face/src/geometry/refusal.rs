//! Why a face gets no depth.

/// A sample is marked with this instead of being given a made-up map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not a mesh of 468 points.
    #[error("a mesh of {found} points, expected 468")]
    Count {
        /// Points given.
        found: usize,
    },
    /// The network doubts that there is a face.
    #[error("face presence {presence:.2} is below 0.5")]
    Presence {
        /// Probability of a face.
        presence: f32,
    },
    /// Too far from frontal.
    #[error("yaw {yaw:.0} and pitch {pitch:.0} degrees, at most 60 and 45 give a depth map")]
    Pose {
        /// Degrees.
        yaw: f32,
        /// Degrees.
        pitch: f32,
    },
    /// Values that are not finite, no area or no depth.
    #[error("the mesh is degenerate: {0}")]
    Degenerate(&'static str),
    /// Less than half of the points lie in the crop.
    #[error("only {inside} of 468 points lie in the crop, expected at least 234")]
    Outside {
        /// Points in the crop.
        inside: usize,
    },
}
