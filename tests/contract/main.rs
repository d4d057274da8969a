//! Laws of the ports that keep state, held by the stores in memory and by the adapters over the running stack's table.
//!
//! A unit test over memory is worth what these laws say, and no more. Beside them the few laws between the numbers of `template.yaml`.

#[cfg(test)]
mod history;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod releases;
#[cfg(test)]
mod stack;
#[cfg(test)]
mod template;
#[cfg(test)]
mod watches;
