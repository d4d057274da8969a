//! The statistics against SciPy. Needs `python3` with `venv`, no running stack.

#[cfg(test)]
mod scipy;
