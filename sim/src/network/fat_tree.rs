//! A fat tree: core, aggregation and edge switches of the same number of ports (Al-Fares et al., "A Scalable, Commodity
//! Data Center Network Architecture", SIGCOMM 2008).

/// A fat tree of switches with an even number of ports.
///
/// The switches are numbered: first those of the core, then those of aggregation, then those of the edge, both pod by
/// pod. Hosts are numbered by edge switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FatTree {
    /// Half of the ports.
    half: usize,
}

impl FatTree {
    /// The most switches of a tree. Those of it have 128 ports.
    pub const MOST_SWITCHES: usize = 5 * 64 * 64;

    /// All trees, the smallest first.
    fn all() -> impl DoubleEndedIterator<Item = Self> {
        (1..=64).map(|half| Self { half })
    }

    /// The tree of so many switches, if there is one: 5, 20, 45, 80, ... 20480
    pub fn with_switches(switches: usize) -> Option<Self> {
        Self::all().find(|tree| tree.switches() == switches)
    }

    /// The numbers of switches of the next smaller and the next larger tree; at the ends there is only one of them.
    pub fn nearest(switches: usize) -> Vec<usize> {
        let sizes = || Self::all().map(Self::switches);
        let less = sizes().rfind(|&size| size < switches);
        let more = sizes().find(|&size| size > switches);
        less.into_iter().chain(more).collect()
    }

    /// The number of switches.
    pub const fn switches(self) -> usize {
        5 * self.half * self.half
    }

    /// The number of hosts.
    pub const fn hosts(self) -> usize {
        2 * self.half * self.half * self.half
    }

    /// The switches between two hosts. Of the paths that are equally long, `hash` chooses one.
    pub fn path(self, source: usize, destination: usize, hash: u64) -> Vec<usize> {
        let half = self.half;
        let edge = |host: usize| host / half;
        let pod = |host: usize| edge(host) / half;
        let [up, across] = [hash as usize % half, (hash >> 32) as usize % half];
        let aggregation = |pod: usize| half * half + pod * half + up;
        let edge_switch = |host: usize| 3 * half * half + edge(host);
        let (first, last) = (edge_switch(source), edge_switch(destination));
        if first == last {
            vec![first]
        } else if pod(source) == pod(destination) {
            vec![first, aggregation(pod(source)), last]
        } else {
            let core = up * half + across;
            vec![
                first,
                aggregation(pod(source)),
                core,
                aggregation(pod(destination)),
                last,
            ]
        }
    }

    /// The links between switches, the smaller number first.
    pub fn links(self) -> Vec<[usize; 2]> {
        let half = self.half;
        let mut links = Vec::new();
        for pod in 0..2 * half {
            for up in 0..half {
                let aggregation = half * half + pod * half + up;
                links.extend((0..half).map(|across| [up * half + across, aggregation]));
                links.extend(
                    (0..half).map(|edge| [aggregation, 3 * half * half + pod * half + edge]),
                );
            }
        }
        links.sort_unstable();
        links
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_tree_of_20_switches_has_16_hosts_and_32_links() {
        let tree = FatTree::with_switches(20).unwrap();
        assert_eq!(
            (tree.switches(), tree.hosts(), tree.links().len()),
            (20, 16, 32)
        );
        assert!(tree.links().contains(&[3, 7]) && !tree.links().contains(&[3, 4]));
        assert_eq!(FatTree::with_switches(21), None);
        assert_eq!(FatTree::nearest(0), [5]);
        assert_eq!(FatTree::nearest(21), [20, 45]);
        assert_eq!(FatTree::nearest(usize::MAX), [20_480]);
    }

    #[test]
    fn paths_follow_links_from_edge_to_edge_and_use_all_of_them() {
        let tree = FatTree::with_switches(45).unwrap();
        let links: HashSet<_> = tree.links().into_iter().collect();
        let mut used = HashSet::new();
        for source in 0..tree.hosts() {
            for destination in 0..tree.hosts() {
                for hash in 0..9 {
                    let path = tree.path(source, destination, (hash % 3) | ((hash / 3) << 32));
                    assert!(matches!(path.len(), 1 | 3 | 5));
                    for hop in path.windows(2) {
                        let link = [hop[0].min(hop[1]), hop[0].max(hop[1])];
                        assert!(links.contains(&link), "{link:?}");
                        used.insert(link);
                    }
                    assert_eq!(path.iter().collect::<HashSet<_>>().len(), path.len());
                }
            }
        }
        assert_eq!(used, links);
    }
}
