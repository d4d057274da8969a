//! Reads what [`super::preflight`] judges. What cannot be read is written down as such, in words; what may pass with time is a fault.

use super::describe::{ListenerWeights, SetUp};
use super::facts::{Facts, Unknown};
use super::ports::{AlarmStates, Balancers, PipelineActions};
use crate::delivery::policy::checks::Checks;
use crate::delivery::ports::Deployment;
use crate::delivery::watch::Engine;
use crate::errors::{Fault, chain};

/// The set-up of a deployment.
pub(super) async fn read(
    deployment: &Deployment,
    facts: &Facts,
    pipeline: Option<&str>,
    balancers: &impl Balancers,
    pipelines: &impl PipelineActions,
    alarms: &impl AlarmStates,
) -> Result<SetUp, Unknown> {
    // A first deployment has no blue that the requests could go to.
    let green = deployment.green().filter(|_| deployment.blue().is_some());
    let mut set_up =
        SetUp { green_target_group: green.map(|green| green.target_group.clone()), ..SetUp::default() };
    set_up.service = seen("the service", facts.service.clone(), &mut set_up.unseen)?;
    match deployment.engine() {
        Engine::CodeDeploy => {
            if let Some(group) = facts.group.clone() {
                set_up.group = seen("the deployment group", group, &mut set_up.unseen)?;
            }
            if let Some(spec) = facts.spec.clone() {
                let spec = seen("the AppSpec", spec, &mut set_up.unseen)?.flatten();
                set_up.hooks = spec.map(|spec| spec.hooks);
            }
        }
        Engine::Ecs => set_up.production = production(&mut set_up, balancers).await?,
    }
    if let Some(name) = pipeline {
        let actions = pipelines.deploys(name).await.map_err(Unknown::from);
        set_up.pipeline =
            seen("the pipeline", actions, &mut set_up.unseen)?.map(|actions| (name.to_owned(), actions));
    }
    let names = own_alarms(facts).unwrap_or_default();
    if !names.is_empty() {
        let found = alarms.named(&names).await.map_err(Unknown::from);
        if let Some(found) = seen("the alarms", found, &mut set_up.unseen)? {
            let is_missing = |name: &String| !found.iter().any(|alarm| alarm.name == *name);
            set_up.missing_alarms = names.into_iter().filter(is_missing).collect();
        }
    }
    Ok(set_up)
}

/// A thing, or a note that it was not seen.
fn seen<T>(what: &str, read: Result<T, Unknown>, unseen: &mut Vec<String>) -> Result<Option<T>, Unknown> {
    match read {
        Ok(thing) => Ok(Some(thing)),
        Err(passing @ Unknown::Fault(Fault::Transient { .. } | Fault::Conflict { .. })) => Err(passing),
        Err(Unknown::Fault(fault)) => {
            unseen.push(format!("{what} could not be seen: {}", chain(&fault)));
            Ok(None)
        }
        Err(Unknown::Words(words)) => {
            unseen.push(format!("{what} could not be seen: {words}"));
            Ok(None)
        }
    }
}

/// How the production listener's rule shares its requests.
async fn production(
    set_up: &mut SetUp,
    balancers: &impl Balancers,
) -> Result<Option<ListenerWeights>, Unknown> {
    let service = set_up.service.as_ref();
    let rule =
        service.and_then(|service| service.balancers.iter().find_map(|known| known.production_rule.clone()));
    let Some(rule) = rule else { return Ok(None) };
    let weights = balancers.weights(&rule).await.map_err(Unknown::from);
    seen("the production listener's rule", weights, &mut set_up.unseen)
}

/// Alarms of the deployment group, or of the service.
fn own_alarms(facts: &Facts) -> Result<Vec<String>, Unknown> {
    match &facts.group {
        Some(Ok(group)) => Ok(group.alarms.clone()),
        Some(Err(unknown)) => Err(unknown.clone()),
        None => facts.service.as_ref().map(|service| service.alarms.names.clone()).map_err(Clone::clone),
    }
}

/// The alarms of the settings and the deployment's own; none where there are neither, nor a prefix.
pub(super) fn alarm_names(settings: &Checks, facts: &Facts) -> Option<Result<Vec<String>, Unknown>> {
    let mut names = match own_alarms(facts) {
        Ok(names) => names,
        Err(unknown) => return Some(Err(unknown)),
    };
    names.extend(settings.alarms.names.iter().cloned());
    names.sort();
    names.dedup();
    (!names.is_empty() || settings.alarms.prefix.is_some()).then_some(Ok(names))
}
