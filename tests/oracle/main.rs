//! Product code against Git itself, on generated histories. Needs `git`, no running stack.

#[cfg(test)]
mod paths;
