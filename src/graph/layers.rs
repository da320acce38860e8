//! Where nodes stand: each below all that lead to it.

use super::drawing::Panel;

/// The layer of each node, from 0.
pub fn layers(panel: &Panel) -> Vec<usize> {
    let count = panel.nodes.len();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut waits = vec![0_usize; count];
    for edge in &panel.edges {
        if let (Some(list), Some(wait)) = (after.get_mut(edge.from), waits.get_mut(edge.to)) {
            list.push(edge.to);
            *wait += 1;
        }
    }
    let mut layers = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|at| waits.get(*at) == Some(&0)).collect();
    while let Some(at) = ready.pop() {
        let below = layers.get(at).map_or(0, |layer| layer + 1);
        for next in after.get(at).into_iter().flatten() {
            if let Some(layer) = layers.get_mut(*next) {
                *layer = below.max(*layer);
            }
            if let Some(wait) = waits.get_mut(*next) {
                *wait -= 1;
                if *wait == 0 {
                    ready.push(*next);
                }
            }
        }
    }
    layers
}
