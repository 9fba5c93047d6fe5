//! Where a run of 256 nodes is kept: C2SP `tlog-tiles`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;

/// Levels of the tree that a tile spans: log2 of its width.
pub(crate) const TILE_HEIGHT: u32 = 8;

/// The highest level of tiles: behind it no tree has leaves.
const LEVEL_MAX: u8 = 7;

/// Neighbouring nodes of one level of the tree, 32 bytes each, left to right.
///
/// Printed and parsed as its path, `tile/<level>/<index>[.p/<width>]`; the
/// index is written in groups of three digits, all but the last behind an `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Its level, from 0: its nodes are at level `8 × level` of the tree, where
    /// leaves are at 0. At most 7.
    pub level: u8,
    /// Its place among the tiles of its level, from 0.
    pub index: u64,
    /// Hashes in it, from 1 to 256. Fewer than 256 are the right edge of a tree
    /// of some size.
    pub width: u16,
}

/// A path that names no tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a tile is named tile/<level>/<index>[.p/<width>]")]
pub struct TilePathError;

impl Tile {
    /// The tile that holds the node at an index of a tile level, as wide as a
    /// tree with `size` leaves has it; none when the tree has no such node.
    #[must_use]
    pub fn holding(level: u8, node: u64, size: u64) -> Option<Self> {
        let nodes = size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
        let index = node / TILE_WIDTH;
        if node >= nodes || level > LEVEL_MAX {
            return None;
        }
        let width = (nodes - index * TILE_WIDTH).min(TILE_WIDTH);
        Some(Self { level, index, width: u16::try_from(width).expect("at most 256") })
    }

    /// Whether it can never change.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width as u64 == TILE_WIDTH
    }

    /// The same tile, full.
    #[must_use]
    pub const fn full(self) -> Self {
        Self { width: 256, ..self }
    }

    /// Path of the bundle of leaf data beneath a tile of level 0,
    /// `tile/entries/<index>[.p/<width>]`.
    #[must_use]
    pub fn entries_path(&self) -> String {
        format!("tile/entries/{}", self.place())
    }

    /// Reads what [`Self::entries_path`] writes.
    ///
    /// # Errors
    /// When it is no such path.
    pub fn from_entries_path(path: &str) -> Result<Self, TilePathError> {
        let place = path.strip_prefix("tile/entries/").ok_or(TilePathError)?;
        let (index, width) = parse_place(place)?;
        Ok(Self { level: 0, index, width })
    }

    fn place(&self) -> String {
        let mut groups = vec![format!("{:03}", self.index % 1_000)];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        groups.reverse();
        let index = groups.join("/");
        if self.is_full() { index } else { format!("{index}.p/{}", self.width) }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/{}", self.level, self.place())
    }
}

impl FromStr for Tile {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let (level, place) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(TilePathError)?;
        let level = decimal(level).and_then(|level| u8::try_from(level).ok()).ok_or(TilePathError)?;
        if level > LEVEL_MAX {
            return Err(TilePathError);
        }
        let (index, width) = parse_place(place)?;
        Ok(Self { level, index, width })
    }
}

fn parse_place(place: &str) -> Result<(u64, u16), TilePathError> {
    let (index, width) = match place.split_once(".p/") {
        None => (place, 256),
        Some((index, width)) => {
            let width = decimal(width).filter(|width| (1..TILE_WIDTH).contains(width)).ok_or(TilePathError)?;
            (index, u16::try_from(width).expect("below 256"))
        }
    };
    let mut groups = index.split('/').rev();
    let three = |group: &str| {
        (group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit())).then(|| group.parse::<u64>().ok()).flatten()
    };
    let mut value = groups.next().and_then(three).ok_or(TilePathError)?;
    let mut scale = 1_u64;
    let mut highest = None;
    for group in groups {
        let group = group.strip_prefix('x').and_then(three).ok_or(TilePathError)?;
        scale = scale.checked_mul(1_000).ok_or(TilePathError)?;
        value = group.checked_mul(scale).and_then(|part| value.checked_add(part)).ok_or(TilePathError)?;
        highest = Some(group);
    }
    // One index has one path.
    if highest == Some(0) { Err(TilePathError) } else { Ok((value, width)) }
}

/// A number without sign or leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = Tile { level: 3, index: 1_234_067, width: 8 };
        assert_eq!(tile.to_string(), "tile/3/x001/x234/067.p/8");
        assert_eq!("tile/3/x001/x234/067.p/8".parse(), Ok(tile));
        assert_eq!(tile.full().to_string(), "tile/3/x001/x234/067");
        assert_eq!(tile.entries_path(), "tile/entries/x001/x234/067.p/8");
        assert_eq!(Tile::from_entries_path("tile/entries/x001/x234/067.p/8"), Ok(Tile { level: 0, ..tile }));
    }

    #[test]
    fn a_path_that_names_no_tile_is_refused() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/1",
            "tile/0/0001",
            "tile/8/001",
            "tile/00/001",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/",
            "tile/0/001.p/07",
            "tile/0/x000/001",
            "tile/0/001/001",
            "tile/0/x001",
            "tile/-1/001",
            "tile/0/+01",
            "/tile/0/001",
            "tile/0/001/",
            "tile/0/../001",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(path.parse::<Tile>(), Err(TilePathError), "{path}");
        }
    }

    #[test]
    fn a_tile_is_as_wide_as_the_tree() {
        let tile = |level, node, size| Tile::holding(level, node, size).map(|tile| (tile.index, tile.width));
        assert_eq!(tile(0, 0, 0), None);
        assert_eq!(tile(0, 0, 1), Some((0, 1)));
        assert_eq!(tile(0, 255, 256), Some((0, 256)));
        assert_eq!(tile(0, 256, 300), Some((1, 44)));
        assert_eq!(tile(1, 0, 255), None);
        assert_eq!(tile(1, 0, 70_000), Some((0, 256)));
        assert_eq!(tile(1, 272, 70_000), Some((1, 17)));
        assert_eq!(tile(7, 0, u64::MAX), Some((0, 255)));
    }
}
