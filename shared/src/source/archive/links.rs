//! Where a symbolic link leads, once the tree is unpacked: step by step, through every other link, as a kernel goes.
//!
//! The letters of a target are not enough: in `d/../x`, `d` may itself be a link to a folder with another parent. Must not: touch a file
//! system; the archive's own links are all there is.
//! Specification: <https://man7.org/linux/man-pages/man7/path_resolution.7.html>

use std::collections::{BTreeMap, BTreeSet};

/// Most links that one path goes through (Linux follows 40, then gives `ELOOP`).
const MAX_HOPS: usize = 40;

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// Into the tree, or round in a circle; whether anything is there does not matter.
    Inside,
    /// Above the root, at least on the way.
    Outside,
    /// Through more links than can be told.
    TooFar,
}

/// Follows the link called `name`; `links` holds the relative target of every link, and no name in it lies behind another.
pub(super) fn leads(links: &BTreeMap<String, String>, name: &str) -> Leads {
    let mut place: Vec<&str> = name.split('/').collect();
    // Parts still to be walked, the next one last.
    let mut rest: Vec<&str> = place.pop().into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(part) = rest.pop() {
        match part {
            "" | "." => continue,
            ".." if place.pop().is_none() => return Leads::Outside,
            ".." => continue,
            part => place.push(part),
        }
        let here = place.join("/");
        let Some(target) = links.get(&here) else { continue };
        if !seen.insert((here, rest.clone())) {
            return Leads::Inside;
        }
        if seen.len() > MAX_HOPS {
            return Leads::TooFar;
        }
        place.pop();
        rest.extend(target.split('/').rev());
    }
    Leads::Inside
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first link's way; each is `name -> target`.
    fn way(links: &[&str]) -> Leads {
        let pair = |link: &&str| {
            let (name, target) = link.split_once(" -> ").unwrap();
            (name.to_owned(), target.to_owned())
        };
        let all: BTreeMap<String, String> = links.iter().map(pair).collect();
        leads(&all, links[0].split(" -> ").next().unwrap())
    }

    #[test]
    fn a_link_may_go_anywhere_in_the_tree() {
        for inside in
            ["l -> x", "l -> .", "d/l -> ..", "d/l -> ../x", "l -> a/../b", "l -> a/..", "l -> ./a//b/"]
        {
            assert_eq!(way(&[inside]), Leads::Inside, "{inside}");
        }
        assert_eq!(way(&["l -> d/up/x", "d/up -> .."]), Leads::Inside);
    }

    #[test]
    fn a_link_may_not_go_above_the_root_even_if_it_comes_back() {
        for outside in ["l -> ..", "l -> ../x", "d/l -> ../../x", "l -> a/../../x", "l -> ../tree/x"] {
            assert_eq!(way(&[outside]), Leads::Outside, "{outside}");
        }
    }

    #[test]
    fn what_counts_is_where_links_lead_and_not_how_they_are_written() {
        assert_eq!(way(&["l -> d/up/../x", "d/up -> .."]), Leads::Outside);
        assert_eq!(way(&["l -> up/../x", "up -> d/e"]), Leads::Inside);
        assert_eq!(way(&["a -> b", "b -> c/../..", "c -> ."]), Leads::Outside);
    }

    #[test]
    fn circles_lead_nowhere_and_endless_ways_are_not_followed() {
        assert_eq!(way(&["l -> l"]), Leads::Inside);
        assert_eq!(way(&["a -> b", "b -> a"]), Leads::Inside);
        assert_eq!(way(&["l -> l/x"]), Leads::TooFar);
    }

    proptest::proptest! {
        #[test]
        fn no_links_keep_it_busy_for_ever(
            links in proptest::collection::btree_map("[a-c]", "([a-c.]|\\.\\.)(/([a-c.]|\\.\\.)){0,5}", 1..4)
        ) {
            for name in links.keys() {
                leads(&links, name);
            }
        }
    }
}
