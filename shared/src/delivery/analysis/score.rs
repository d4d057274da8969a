//! A score from 0 to 100 by groups and weights, for people. The verdict never comes from it.

use super::{Evidence, EvidenceState, Limit, LimitState};
use crate::delivery::policy::Policy;
use std::collections::BTreeMap;

/// Share of metrics and limits that show no harm, by group and weight; a metric without a group belongs to the rest. Groups without a weight
/// share what the weights leave; a group with nothing in it counts as sound.
pub(super) fn score(policy: &Policy, evidence: &[Evidence], limits: &[Limit]) -> f64 {
    let group_of = |metric: &str| {
        let found = policy.metrics.iter().find(|known| known.id == metric);
        found.and_then(|metric| metric.group.clone()).unwrap_or_default()
    };
    let mut groups: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let mut add = |metric: &str, is_sound: bool| {
        let (sound, all) = groups.entry(group_of(metric)).or_default();
        *sound += f64::from(u8::from(is_sound));
        *all += 1.0;
    };
    for one in evidence {
        add(
            &one.metric,
            match one.state {
                EvidenceState::Harm => false,
                EvidenceState::Cleared | EvidenceState::Open => true,
            },
        );
    }
    for one in limits {
        add(
            &one.metric,
            match one.state {
                LimitState::Breached => false,
                LimitState::Held | LimitState::NoData => true,
            },
        );
    }
    let named: f64 = policy.groups.values().sum();
    let unnamed = groups.keys().filter(|group| !policy.groups.contains_key(*group)).count();
    let rest = (100.0 - named).max(0.0) / f64::from(u32::try_from(unnamed.max(1)).unwrap_or(u32::MAX));
    let weights =
        policy.groups.keys().chain(groups.keys().filter(|group| !policy.groups.contains_key(*group)));
    let (mut sum, mut weight_sum) = (0.0, 0.0);
    for group in weights {
        let weight = policy.groups.get(group).copied().unwrap_or(rest);
        let (sound, all) = groups.get(group).copied().unwrap_or((1.0, 1.0));
        sum += weight * sound / all;
        weight_sum += weight;
    }
    if weight_sum > 0.0 { (sum / weight_sum * 10_000.0).round() / 100.0 } else { 100.0 }
}
