//! The model file: weights with their whole contract.
